package dev.cis.transport;

/**
 * A token bucket that may be overdrawn: whoever finds tokens in it takes as many as it needs, and
 * the next waits until the debt is paid. So any size passes, and over time no more than the rate.
 * Pure: time is passed in, in nanoseconds of a monotonic clock. Not thread-safe.
 */
final class TokenBucket {
  /** Saved up at most: what comes in a tenth of a second, but one quantum at least. */
  private static final double BURST_SECONDS = 0.1;

  /** What one taker should take at a time, so that others get their turn. */
  static final int QUANTUM = 16 << 10;

  private long rate;
  private double tokens;
  private long at;

  /** A full bucket; the rate is in bytes a second and more than zero. */
  TokenBucket(long rate, long now) {
    this.rate = rate;
    this.at = now;
    this.tokens = burst();
  }

  private double burst() {
    return Math.max(QUANTUM, rate * BURST_SECONDS);
  }

  long rate() {
    return rate;
  }

  /** Changes the rate; a debt stays, what was saved is cut to the new burst. */
  void rate(long newRate, long now) {
    refill(now);
    rate = newRate;
    tokens = Math.min(tokens, burst());
  }

  private void refill(long now) {
    if (now > at) {
      tokens = Math.min(burst(), tokens + (now - at) / 1e9 * rate);
      at = now;
    }
  }

  /** In how many nanoseconds there are tokens; 0 when there are. */
  long readyIn(long now) {
    refill(now);
    return tokens > 0 ? 0 : (long) Math.ceil(-tokens / rate * 1e9) + 1;
  }

  /** Takes tokens, there or not. */
  void take(long bytes, long now) {
    refill(now);
    tokens -= bytes;
  }
}
