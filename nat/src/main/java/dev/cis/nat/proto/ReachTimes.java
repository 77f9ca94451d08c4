package dev.cis.nat.proto;

import java.time.Duration;

/**
 * How often it is asked where this node can be reached.
 *
 * @param soon pause before the next question while the answers do not agree
 * @param first pause after they do; doubles with every further answer that agrees
 * @param last longest such pause
 * @param patience how long an answer may take
 * @param stale what was found out longer ago than this says nothing any more
 * @param agreeing answers in a row that change what is known
 */
public record ReachTimes(
    Duration soon, Duration first, Duration last, Duration patience, Duration stale, int agreeing) {
  /** The defaults: 5 s, 1 min to 30 min, 30 s, 2 h, 3. */
  public static final ReachTimes DEFAULT =
      new ReachTimes(
          Duration.ofSeconds(5),
          Duration.ofMinutes(1),
          Duration.ofMinutes(30),
          Duration.ofSeconds(30),
          Duration.ofHours(2),
          3);
}
