package dev.cis.crdt;

import dev.cis.kernel.fault.Fault;
import java.time.Duration;
import java.time.Instant;

/**
 * A hybrid logical clock (Kulkarni et al. 2014): close to the wall clock, never going back, and
 * always later than every timestamp it has observed. Not thread-safe.
 */
public final class HybridClock {
  /** A timestamp further ahead of the wall clock than this is refused. */
  public static final Duration MAX_AHEAD = Duration.ofSeconds(60);

  private HybridTime last;

  /** A clock that goes on after this time: the last one that the previous process knew. */
  public HybridClock(HybridTime last) {
    this.last = last;
  }

  /** The latest time issued or observed. */
  public HybridTime last() {
    return last;
  }

  /** A time later than all before. When the wall clock stands or goes back, the counter counts. */
  public HybridTime next(Instant wall) {
    long millis = Math.clamp(wall.toEpochMilli(), 0, HybridTime.MAX_MILLIS);
    if (millis > last.millis()) {
      last = HybridTime.of(millis, 0);
    } else if (last.packed() == -1) {
      throw new Fault(CrdtCode.CLOCK_EXHAUSTED, "no hybrid time comes after " + last);
    } else {
      last = new HybridTime(last.packed() + 1); // a full counter carries into the milliseconds
    }
    return last;
  }

  /**
   * Takes note of a time that another node issued.
   *
   * @throws Fault {@code crdt.clock-ahead} when it is more than {@link #MAX_AHEAD} in the future;
   *     the clock is unchanged then, so that one node with a wrong clock cannot drag all others
   */
  public void observe(HybridTime time, Instant wall) {
    if (isAhead(time, wall)) {
      throw new Fault(
          CrdtCode.CLOCK_AHEAD,
          "timestamp " + time + " is more than " + MAX_AHEAD.toSeconds() + " s after " + wall);
    }
    follow(time);
  }

  /** Takes note of a time that was admitted before. */
  public void follow(HybridTime time) {
    if (time.isAfter(last)) {
      last = time;
    }
  }

  /** Whether a time is too far in the future to be admitted. */
  public static boolean isAhead(HybridTime time, Instant wall) {
    return time.millis() - wall.toEpochMilli() > MAX_AHEAD.toMillis();
  }
}
