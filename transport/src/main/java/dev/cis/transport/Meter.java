package dev.cis.transport;

import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts bytes and says how fast they come: exponentially weighted moving averages with time
 * constants of a second and a minute, as the load average of Unix is one. Time is passed in, in
 * nanoseconds of a monotonic clock, so the same calls give the same answers. Thread-safe; adding
 * takes no lock but once in a {@link #TICK}.
 */
final class Meter {
  static final Duration TICK = Duration.ofMillis(250);

  private static final long TICK_NANOS = TICK.toNanos();
  private static final double TICK_SECONDS = TICK_NANOS / 1e9;
  private static final double KEPT_SECOND = Math.exp(-TICK_SECONDS);
  private static final double KEPT_MINUTE = Math.exp(-TICK_SECONDS / 60);

  private final LongAdder total = new LongAdder();
  private volatile long at;

  // Guarded by this.
  private long seen;
  private long ticks;
  private double second;
  private double minute;

  Meter(long now) {
    this.at = now;
  }

  void add(long bytes, long now) {
    if (now - at >= TICK_NANOS) {
      tick(now);
    }
    total.add(bytes);
  }

  long total() {
    return total.sum();
  }

  Traffic.Rates rates(long now) {
    tick(now);
    synchronized (this) {
      return new Traffic.Rates(total.sum(), settled(second, 1), settled(minute, 60));
    }
  }

  /** An average that began at zero is too low at first, by a share that is known. */
  private double settled(double average, double constant) {
    return ticks == 0 ? 0 : average / -Math.expm1(-ticks * TICK_SECONDS / constant);
  }

  private synchronized void tick(long now) {
    long elapsed = (now - at) / TICK_NANOS;
    if (elapsed <= 0) {
      return;
    }
    // Whoever adds ticks first, so what is not seen yet came in the first tick that elapsed.
    long sum = total.sum();
    double rate = (sum - seen) / TICK_SECONDS;
    second = after(second, rate, KEPT_SECOND, elapsed);
    minute = after(minute, rate, KEPT_MINUTE, elapsed);
    seen = sum;
    ticks += elapsed;
    at += elapsed * TICK_NANOS;
  }

  private static double after(double average, double rate, double kept, long elapsed) {
    return (average * kept + rate * (1 - kept)) * Math.pow(kept, elapsed - 1.0);
  }
}
