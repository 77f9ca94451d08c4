package dev.cis.gossip;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Slows a reader down to a rate, after a burst of two seconds' worth. For one thread. */
final class Pace {
  private final double perNano;
  private final double burst;
  private final LongSupplier nanos;
  private double allowance;
  private long at;

  Pace(int perSecond, LongSupplier nanos) {
    this.perNano = perSecond / 1e9;
    this.burst = 2.0 * perSecond;
    this.nanos = nanos;
    this.allowance = burst;
    this.at = nanos.getAsLong();
  }

  /** Takes one turn; answers how many nanoseconds to wait before using it. */
  long take() {
    long now = nanos.getAsLong();
    allowance = Math.min(burst, allowance + (now - at) * perNano) - 1;
    at = now;
    return allowance >= 0 ? 0 : (long) (-allowance / perNano);
  }

  /** Takes one turn and waits for it. */
  void await() throws InterruptedException {
    long wait = take();
    if (wait > 0) {
      TimeUnit.NANOSECONDS.sleep(wait);
    }
  }
}
