package dev.cis.dht;

import dev.cis.dht.proto.KademliaConfig;
import dev.cis.dht.proto.RecordsConfig;
import java.time.Duration;

/**
 * How this node takes part in the DHT.
 *
 * @param mode what part it takes; {@link Routing.Mode#LAN} also sets {@code kademlia.lanOnly}
 * @param smallNetwork with {@link Routing.Mode#AUTO}, a node that nobody has reached from outside
 *     serves while it knows fewer nodes than this
 * @param persistEvery how often the table is written to its file
 * @param servedAtOnce requests of others answered at the same time at most
 * @param kademlia the parameters of the protocol
 * @param records what is kept for others, and how long
 */
public record DhtConfig(
    Routing.Mode mode,
    int smallNetwork,
    Duration persistEvery,
    int servedAtOnce,
    KademliaConfig kademlia,
    RecordsConfig records) {
  /** What every node should have unless its operator knows better. */
  public static final DhtConfig DEFAULT =
      new DhtConfig(
          Routing.Mode.AUTO,
          64,
          Duration.ofMinutes(5),
          128,
          KademliaConfig.DEFAULT,
          RecordsConfig.DEFAULT);

  /** Checks the ranges. */
  public DhtConfig {
    if (smallNetwork < 1 || servedAtOnce < 1) {
      throw new IllegalArgumentException("dht.small_network and dht.served_at_once at least 1");
    }
    if (!persistEvery.isPositive()) {
      throw new IllegalArgumentException("dht.persist_every above 0, not " + persistEvery);
    }
    if (mode == Routing.Mode.LAN && !kademlia.lanOnly()) {
      kademlia = kademlia.onLan();
    }
  }

  /** The same with another part. */
  public DhtConfig withMode(Routing.Mode other) {
    return new DhtConfig(other, smallNetwork, persistEvery, servedAtOnce, kademlia, records);
  }
}
