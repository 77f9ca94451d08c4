package dev.cis.nat.relay;

import dev.cis.nat.proto.RelayLimits;
import java.time.Duration;

/**
 * What an anchor relays, {@code [relay]} in the configuration file. It says something only with
 * {@code p2p.anchor = true}.
 *
 * @param enabled whether to relay at all
 * @param strangers whether for nodes that share no realm with this anchor too
 * @param lease how long a reservation holds unless it is renewed
 * @param maxReservations nodes that can be reached through this anchor at a time
 * @param maxReservationsPerNetwork such nodes of one network (/24, IPv6 /56)
 * @param maxCircuits pairs of nodes that are joined at a time
 * @param maxCircuitsPerNode circuits that one node has opened, and such as lead to one node
 * @param maxCircuitsPerNetwork circuits that the nodes of one network have opened
 * @param circuitRate bytes in a second that one circuit carries, both ways together
 * @param nodeBytesPerHour bytes in an hour that the circuits carry which one node has opened
 * @param totalRate bytes in a second that all circuits carry together
 */
public record RelayConfig(
    boolean enabled,
    boolean strangers,
    Duration lease,
    int maxReservations,
    int maxReservationsPerNetwork,
    int maxCircuits,
    int maxCircuitsPerNode,
    int maxCircuitsPerNetwork,
    long circuitRate,
    long nodeBytesPerHour,
    long totalRate) {
  /** The defaults. */
  public static final RelayConfig DEFAULT =
      new RelayConfig(
          true,
          true,
          Duration.ofMinutes(10),
          10_000,
          256,
          4_096,
          128,
          1_024,
          4 << 20,
          4L << 30,
          32 << 20);

  /** Checks the values. */
  public RelayConfig {
    var _ =
        limits(
            lease,
            maxReservations,
            maxReservationsPerNetwork,
            maxCircuits,
            maxCircuitsPerNode,
            maxCircuitsPerNetwork,
            circuitRate,
            nodeBytesPerHour,
            totalRate);
  }

  RelayLimits limits() {
    return limits(
        lease,
        maxReservations,
        maxReservationsPerNetwork,
        maxCircuits,
        maxCircuitsPerNode,
        maxCircuitsPerNetwork,
        circuitRate,
        nodeBytesPerHour,
        totalRate);
  }

  private static RelayLimits limits(
      Duration lease,
      int reservations,
      int reservationsPerNetwork,
      int circuits,
      int perNode,
      int perNetwork,
      long rate,
      long hourly,
      long total) {
    return new RelayLimits(
        lease,
        reservations,
        reservationsPerNetwork,
        circuits,
        perNode,
        perNetwork,
        rate,
        Math.max(rate, 65_536),
        hourly,
        total);
  }
}
