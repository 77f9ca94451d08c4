package dev.cis.nat.proto;

import java.time.Duration;

/**
 * What somebody's circuits have carried in the current hour, which begins with the first use after
 * the last one. Not thread-safe.
 */
final class HourlyBytes {
  private static final Duration HOUR = Duration.ofHours(1);

  private final long most;
  private Duration since;
  private long bytes;
  private long peak;

  HourlyBytes(long most, Duration since) {
    this.most = most;
    this.since = since;
  }

  boolean has(Duration uptime, int more) {
    return carried(uptime) <= most - more;
  }

  /** In this hour. */
  long carried(Duration uptime) {
    if (uptime.minus(since).compareTo(HOUR) >= 0) {
      since = uptime;
      bytes = 0;
    }
    return bytes;
  }

  void take(int more) {
    bytes += more;
    peak = Math.max(peak, bytes);
  }

  /** The most in an hour. */
  long peak() {
    return peak;
  }
}
