package dev.cis.discovery.proto;

import java.time.Duration;

/**
 * The limits of the scheduler.
 *
 * @param minPeers with fewer connected peers than this, all sources are used
 * @param lanPeers with fewer than this, peers on the LAN are dialled as they are found
 * @param parallelDials dials at one time
 * @param firstPause rest of a candidate after its first failure; doubles with each
 * @param longestPause longest rest
 * @param candidates candidates remembered; those never reached are forgotten first
 */
public record SchedulerLimits(
    int minPeers,
    int lanPeers,
    int parallelDials,
    Duration firstPause,
    Duration longestPause,
    int candidates) {
  /** What suits a node in a lab or on the internet. */
  public static final SchedulerLimits DEFAULT =
      new SchedulerLimits(4, 32, 4, Duration.ofSeconds(1), Duration.ofMinutes(1), 1_024);

  /** Checks the values. */
  public SchedulerLimits {
    if (minPeers < 0 || lanPeers < 0 || parallelDials < 1 || candidates < 1) {
      throw new IllegalArgumentException(
          "discovery.min_peers and discovery.lan_peers at least 0,"
              + " discovery.parallel_dials and discovery.candidates at least 1");
    }
    if (!firstPause.isPositive() || longestPause.compareTo(firstPause) < 0) {
      throw new IllegalArgumentException(
          "discovery.first_pause above 0 and discovery.longest_pause not below it");
    }
  }
}
