package dev.cis.dht;

import dev.cis.dht.proto.DhtMachine;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.time.Uptime;
import dev.cis.transport.AddressSource;
import dev.cis.transport.PeerRecord;
import dev.cis.transport.Swarm;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The DHT of a node. Thread-safe; lookups block. */
public interface Routing extends AddressSource, AutoCloseable {
  /** What part the node takes. */
  enum Mode {
    /** Asks, and is in nobody's table. */
    CLIENT,
    /** Asks and answers. */
    SERVER,
    /** Serves as soon as it can be of use: at once while the network is small or private. */
    AUTO,
    /** Serves private addresses only and never leaves the LAN. */
    LAN
  }

  /**
   * Takes part in the DHT over the swarm's connections.
   *
   * @param key this node's
   * @param stateFile where the table is kept between runs
   */
  static Routing start(KeyPair key, Swarm swarm, Path stateFile, DhtConfig config) {
    return start(key, swarm, stateFile, config, Uptime.CLOCK);
  }

  /** The same with another clock. */
  static Routing start(
      KeyPair key, Swarm swarm, Path stateFile, DhtConfig config, Supplier<Now> clock) {
    return Kademlia.start(key.nodeId(), swarm, stateFile, config, clock);
  }

  /** The part this node takes now: never {@link Mode#AUTO}. */
  Mode mode();

  /** The record of a node, from the table or by lookup. */
  Optional<Signed<PeerRecord>> findPeer(NodeId node, Duration within);

  /** The {@code count} nodes closest to a 32-byte key that a lookup finds, closest first. */
  List<Signed<PeerRecord>> findClosest(NodeId key, int count, Duration within);

  /** Looks up our own position and refreshes far buckets; how many nodes the table has then. */
  int bootstrap(Duration within);

  /** How many nodes the table has. */
  int tableSize();

  /** What the DHT of this node did so far. */
  DhtMachine.Stats stats();

  /** Writes the table to its file and takes part no longer. */
  @Override
  void close();
}
