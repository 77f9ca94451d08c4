package dev.cis.nat.proto;

import java.time.Duration;

/**
 * What a relay gives away.
 *
 * @param lease how long a reservation holds unless it is renewed
 * @param reservations most reservations at a time
 * @param reservationsPerNetwork most for nodes of one network (/24, IPv6 /56)
 * @param circuits most circuits at a time
 * @param circuitsPerNode most that one node has opened, and most that lead to one node
 * @param circuitsPerNetwork most that the nodes of one network have opened
 * @param bytesPerSecond each circuit may carry, both ways together
 * @param burst bytes that a circuit may carry at once after a pause
 * @param bytesPerHour the circuits that one node has opened may carry
 * @param totalBytesPerSecond all circuits together may carry
 */
public record RelayLimits(
    Duration lease,
    int reservations,
    int reservationsPerNetwork,
    int circuits,
    int circuitsPerNode,
    int circuitsPerNetwork,
    long bytesPerSecond,
    long burst,
    long bytesPerHour,
    long totalBytesPerSecond) {
  /** Checks that each is positive. */
  public RelayLimits {
    if (lease.compareTo(Duration.ofSeconds(10)) < 0
        || reservations < 1
        || reservationsPerNetwork < 1
        || circuits < 1
        || circuitsPerNode < 1
        || circuitsPerNetwork < 1
        || bytesPerSecond < 1
        || burst < 1500
        || bytesPerHour < 1
        || totalBytesPerSecond < 1) {
      throw new IllegalArgumentException(
          "a relay's limits are positive, its lease at least 10 s, its burst at least 1500 bytes");
    }
  }
}
