package dev.cis.transport;

import java.time.Duration;

/** Counts what happens in the current second. Thread-safe. */
final class Rate {
  private long second = Long.MIN_VALUE;
  private int count;

  /** One more happens; the answer is how many that makes in this second. */
  synchronized int count(Duration uptime) {
    roll(uptime);
    return ++count;
  }

  /** How many there were in this second. */
  synchronized int current(Duration uptime) {
    roll(uptime);
    return count;
  }

  private void roll(Duration uptime) {
    if (uptime.toSeconds() != second) {
      second = uptime.toSeconds();
      count = 0;
    }
  }
}
