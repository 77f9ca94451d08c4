package dev.cis.nat.proto;

import java.time.Duration;

/**
 * What a relay gives away.
 *
 * @param lease how long a reservation holds unless it is renewed
 * @param maxReservations nodes that can be reached through this anchor at a time
 * @param maxReservationsPerNetwork such nodes of one network (/24, IPv6 /56)
 * @param maxCircuits pairs of nodes that are joined at a time
 * @param maxCircuitsPerNode circuits that one node has opened, and such as lead to one node
 * @param maxCircuitsPerNetwork circuits that the nodes of one network have opened
 * @param circuitRate bytes in a second that one circuit carries, both ways together
 * @param nodeBytesPerHour bytes in an hour that the circuits carry which one node has opened
 * @param totalRate bytes in a second that all circuits carry together
 * @param realms what of this is for one realm
 */
public record RelayLimits(
    Duration lease,
    int maxReservations,
    int maxReservationsPerNetwork,
    int maxCircuits,
    int maxCircuitsPerNode,
    int maxCircuitsPerNetwork,
    long circuitRate,
    long nodeBytesPerHour,
    long totalRate,
    RealmLimits realms) {
  private static final Duration SHORTEST = Duration.ofSeconds(10);
  private static final Duration LONGEST = Duration.ofDays(1);
  private static final long LEAST_BURST = 65_536;

  /** The defaults. */
  public static final RelayLimits DEFAULT =
      new RelayLimits(
          Duration.ofMinutes(10),
          10_000,
          256,
          4_096,
          128,
          1_024,
          4 << 20,
          4L << 30,
          32 << 20,
          RealmLimits.DEFAULT);

  /** Checks every setting; the message names the key. */
  public RelayLimits {
    if (lease.compareTo(SHORTEST) < 0 || lease.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("relay.lease is 10 s to 1 d");
    }
    RealmLimits.check(maxReservations, 1, "max_reservations");
    RealmLimits.check(maxReservationsPerNetwork, 1, "max_reservations_per_network");
    RealmLimits.check(maxCircuits, 1, "max_circuits");
    RealmLimits.check(maxCircuitsPerNode, 1, "max_circuits_per_node");
    RealmLimits.check(maxCircuitsPerNetwork, 1, "max_circuits_per_network");
    RealmLimits.check(circuitRate, 1, "circuit_rate");
    RealmLimits.check(nodeBytesPerHour, 1, "node_bytes_per_hour");
    RealmLimits.check(totalRate, 1, "total_rate");
  }

  /** The same with other limits for each realm. */
  public RelayLimits with(RealmLimits other) {
    return new RelayLimits(
        lease,
        maxReservations,
        maxReservationsPerNetwork,
        maxCircuits,
        maxCircuitsPerNode,
        maxCircuitsPerNetwork,
        circuitRate,
        nodeBytesPerHour,
        totalRate,
        other);
  }

  /** Most reservations of a realm that is limited. */
  public int reservationsPerRealm() {
    return (int) share(realms.maxReservationsPerRealm(), maxReservations);
  }

  /** Most circuits of a realm that is limited. */
  public int circuitsPerRealm() {
    return (int) share(realms.maxCircuitsPerRealm(), maxCircuits);
  }

  /** Most bytes in a second of a realm that is limited. */
  public long ratePerRealm() {
    return share(realms.realmRate(), totalRate);
  }

  /** Most bytes in an hour of a realm that is limited; {@link Long#MAX_VALUE} for any number. */
  public long hourPerRealm() {
    return realms.realmBytesPerHour() > 0 ? realms.realmBytesPerHour() : Long.MAX_VALUE;
  }

  private static long share(long said, long all) {
    return said > 0 ? said : Math.max(1, all / 2);
  }

  /** What may be carried at once after a pause, at this many bytes in a second. */
  static long burst(long rate) {
    return Math.max(rate, LEAST_BURST);
  }
}
