package dev.cis.nat.proto;

import java.time.Duration;
import java.util.List;

/**
 * When a direct path is looked for and looked after.
 *
 * @param probes when each candidate is probed, after the start of a round
 * @param patience after which a round without a path has failed
 * @param keepAlive between probes on a path that works; less than address translators forget in
 * @param repeat between probes on a path that has not answered
 * @param missed so many probes without an answer and the path is lost
 */
public record PunchTimes(
    List<Duration> probes, Duration patience, Duration keepAlive, Duration repeat, int missed) {
  /** Five seconds for a round, and a lost path is noticed within 3 s of the next keep-alive. */
  public static final PunchTimes DEFAULT =
      new PunchTimes(
          List.of(
              Duration.ZERO,
              Duration.ofMillis(50),
              Duration.ofMillis(150),
              Duration.ofMillis(350),
              Duration.ofMillis(700),
              Duration.ofMillis(1200),
              Duration.ofMillis(2000),
              Duration.ofMillis(3000)),
          Duration.ofSeconds(5),
          Duration.ofSeconds(8),
          Duration.ofMillis(500),
          6);

  /** Copies the list. */
  public PunchTimes {
    probes = List.copyOf(probes);
  }
}
