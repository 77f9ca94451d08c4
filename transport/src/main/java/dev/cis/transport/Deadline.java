package dev.cis.transport;

import dev.cis.kernel.time.Uptime;
import java.time.Duration;

/** A moment on the monotonic clock by which something must be done. */
record Deadline(long uptimeNanos) {
  private static final Duration LONGEST = Duration.ofDays(365);

  static Deadline in(Duration within) {
    var capped = within.compareTo(LONGEST) > 0 ? LONGEST : within;
    return new Deadline(Uptime.CLOCK.now().uptime().toNanos() + capped.toNanos());
  }

  /** Nanoseconds left; zero or less when it has passed. */
  long left() {
    return uptimeNanos - Uptime.CLOCK.now().uptime().toNanos();
  }

  Duration remaining() {
    return Duration.ofNanos(Math.max(0, left()));
  }

  boolean isOver() {
    return left() <= 0;
  }
}
