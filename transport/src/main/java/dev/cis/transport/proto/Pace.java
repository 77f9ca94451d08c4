package dev.cis.transport.proto;

import java.time.Duration;

/**
 * How fast something may happen: a token bucket that holds a burst and fills steadily. Times are
 * uptimes. Not thread-safe.
 */
public final class Pace {
  private static final double NANOS = 1e9;

  private final double perSecond;
  private final double burst;
  private double tokens;
  private long at;

  /**
   * A full bucket.
   *
   * @param perSecond tokens that come in a second
   * @param burst tokens that it holds, at least 1
   */
  public Pace(double perSecond, double burst, Duration now) {
    this.perSecond = perSecond;
    this.burst = Math.max(1, burst);
    this.tokens = this.burst;
    this.at = now.toNanos();
  }

  /** Takes a token if there is one. */
  public boolean tryTake(Duration now) {
    fill(now);
    if (tokens < 1) {
      return false;
    }
    tokens--;
    return true;
  }

  /** Takes a token in any case; the answer is how long to wait before it may be used. */
  public Duration take(Duration now) {
    fill(now);
    tokens--;
    return tokens >= 0 ? Duration.ZERO : Duration.ofNanos((long) (-tokens / perSecond * NANOS));
  }

  /** The token that was taken last is not used after all. */
  public void putBack() {
    tokens = Math.min(burst, tokens + 1);
  }

  private void fill(Duration now) {
    long nanos = now.toNanos();
    if (nanos > at) {
      tokens = Math.min(burst, tokens + (nanos - at) / NANOS * perSecond);
      at = nanos;
    }
  }
}
