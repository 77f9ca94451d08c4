package dev.cis.discovery.proto;

import java.time.Duration;

/**
 * The limits of the scheduler.
 *
 * @param minPeers with fewer connected members than this, all sources are used
 * @param lanPeers with fewer than this, peers on the LAN are dialled as they are found
 * @param parallelDials dials at one time
 * @param firstPause rest of a candidate after its first failure; doubles with each
 * @param longestPause longest rest
 * @param candidates candidates remembered; those never reached are forgotten first
 * @param firstSearch with too few peers the meeting places are asked again after this, then after
 *     twice as long each time
 * @param longestSearch longest pause between such questions
 * @param satisfiedSearch pause between them while there are enough peers
 */
public record SchedulerLimits(
    int minPeers,
    int lanPeers,
    int parallelDials,
    Duration firstPause,
    Duration longestPause,
    int candidates,
    Duration firstSearch,
    Duration longestSearch,
    Duration satisfiedSearch) {
  /** What suits a node in a lab or on the internet. */
  public static final SchedulerLimits DEFAULT =
      new SchedulerLimits(
          4,
          32,
          4,
          Duration.ofSeconds(1),
          Duration.ofMinutes(1),
          1_024,
          Duration.ofSeconds(3),
          Duration.ofMinutes(5),
          Duration.ofMinutes(30));

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
    if (!firstSearch.isPositive()
        || longestSearch.compareTo(firstSearch) < 0
        || !satisfiedSearch.isPositive()) {
      throw new IllegalArgumentException(
          "discovery.first_search above 0, discovery.longest_search not below it, and"
              + " discovery.satisfied_search above 0");
    }
  }
}
