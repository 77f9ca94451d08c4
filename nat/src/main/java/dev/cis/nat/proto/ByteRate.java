package dev.cis.nat.proto;

import java.time.Duration;

/** A token bucket of bytes, full at first. Not thread-safe. */
final class ByteRate {
  private static final double NANOS = 1e9;

  private final double perSecond;
  private final double most;
  private double tokens;
  private long at = Long.MIN_VALUE;

  ByteRate(double perSecond, double most) {
    this.perSecond = perSecond;
    this.most = most;
    this.tokens = most;
  }

  boolean has(Duration uptime, int bytes) {
    long now = uptime.toNanos();
    if (at != Long.MIN_VALUE) {
      tokens = Math.min(most, tokens + (now - at) / NANOS * perSecond);
    }
    at = now;
    return tokens >= bytes;
  }

  void take(int bytes) {
    tokens -= bytes;
  }
}
