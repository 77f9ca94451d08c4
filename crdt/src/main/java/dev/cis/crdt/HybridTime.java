package dev.cis.crdt;

import java.time.Instant;

/**
 * A timestamp of a hybrid logical clock (Kulkarni et al. 2014): 48 bits of milliseconds since 1970,
 * then 16 bits of a counter, in one unsigned number, so that comparing numbers compares times.
 *
 * @param packed the number
 */
public record HybridTime(long packed) implements Comparable<HybridTime> {
  /** Before every other time. */
  public static final HybridTime ZERO = new HybridTime(0);

  /** Largest milliseconds: in the year 10889. */
  public static final long MAX_MILLIS = (1L << 48) - 1;

  private static final int COUNTER_BITS = 16;
  private static final int MAX_COUNTER = (1 << COUNTER_BITS) - 1;

  /** The time with these parts; {@code counter} is 0 to 65535. */
  public static HybridTime of(long millis, int counter) {
    if (millis < 0 || millis > MAX_MILLIS || counter < 0 || counter > MAX_COUNTER) {
      throw new IllegalArgumentException("no hybrid time has " + millis + " ms, " + counter);
    }
    return new HybridTime((millis << COUNTER_BITS) | counter);
  }

  /** Milliseconds since 1970. */
  public long millis() {
    return packed >>> COUNTER_BITS;
  }

  /** The count within the millisecond. */
  public int counter() {
    return (int) (packed & MAX_COUNTER);
  }

  /** The milliseconds as an instant. */
  public Instant instant() {
    return Instant.ofEpochMilli(millis());
  }

  /** Whether it is later. */
  public boolean isAfter(HybridTime other) {
    return compareTo(other) > 0;
  }

  @Override
  public int compareTo(HybridTime other) {
    return Long.compareUnsigned(packed, other.packed);
  }

  @Override
  public String toString() {
    return instant() + "+" + counter();
  }
}
