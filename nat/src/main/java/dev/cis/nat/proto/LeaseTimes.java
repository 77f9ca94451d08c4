package dev.cis.nat.proto;

import java.time.Duration;

/**
 * How long things last in the life of a port mapping.
 *
 * @param lease what routers are asked for; half of what they grant is the time of renewal
 * @param checkEvery how often the router is asked whether it still has the mapping
 * @param stagger head start of one protocol before the next is tried beside it (RFC 8305)
 * @param patience how long an answer may take before it counts as silence
 * @param retryFirst pause after a search without success; doubles up to {@code retryLast}
 * @param retryLast longest such pause
 * @param checkSoon pause after a router did not answer for an existing mapping
 */
public record LeaseTimes(
    Duration lease,
    Duration checkEvery,
    Duration stagger,
    Duration patience,
    Duration retryFirst,
    Duration retryLast,
    Duration checkSoon) {
  /** With a lease and checks as configured, and the rest fixed. */
  public static LeaseTimes of(Duration lease, Duration checkEvery) {
    return new LeaseTimes(
        lease,
        checkEvery,
        Duration.ofMillis(500),
        Duration.ofSeconds(30),
        Duration.ofSeconds(30),
        Duration.ofMinutes(15),
        Duration.ofSeconds(10));
  }
}
