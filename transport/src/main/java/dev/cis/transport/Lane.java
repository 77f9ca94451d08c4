package dev.cis.transport;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** One direction of what is metered and limited together. Thread-safe. */
final class Lane {
  private final String name;
  private final LongSupplier clock;
  private final Meter meter;
  private volatile @Nullable Throttle throttle;

  Lane(String name, LongSupplier clock) {
    this.name = name;
    this.clock = clock;
    this.meter = new Meter(clock.getAsLong());
  }

  Meter meter() {
    return meter;
  }

  /** Sets the limit in bytes a second, 0 for none. */
  synchronized void limit(long rate) {
    var before = throttle;
    if (before != null) {
      before.rate(rate);
    } else if (rate > 0) {
      throttle = new Throttle(name, rate, clock);
    }
  }

  /** Bytes a second, 0 for no limit. */
  long limit() {
    var limit = throttle;
    return limit == null ? 0 : limit.rate();
  }

  boolean isLimited() {
    var limit = throttle;
    return limit != null && !limit.isLifted();
  }

  void pass(Priority priority, long bytes, long deadline) throws InterruptedException {
    var limit = throttle;
    if (limit != null) {
      limit.pass(priority, bytes, deadline);
    }
  }

  void spend(long bytes) {
    var limit = throttle;
    if (limit != null) {
      limit.spend(bytes);
    }
  }
}
