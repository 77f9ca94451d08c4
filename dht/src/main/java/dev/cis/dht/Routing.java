package dev.cis.dht;

import dev.cis.dht.proto.DhtMachine;
import dev.cis.dht.proto.MutableValue;
import dev.cis.dht.proto.Seat;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.PublicKey;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.time.Uptime;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.AddressSource;
import dev.cis.transport.PeerRecord;
import dev.cis.transport.Swarm;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

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
   * What became of a value that was put.
   *
   * @param key where it is
   * @param nodes how many nodes keep it
   */
  record Put(NodeId key, int nodes) {}

  /**
   * A value out of the DHT, verified.
   *
   * @param key where it is: the hash of the value, or of its author's key and the salt
   * @param value at most 1,000 bytes
   * @param author who signed it, null for an immutable value
   * @param salt what tells several values of one author apart; empty for an immutable value
   * @param sequence of several values of the same author and salt the highest counts
   */
  record Value(NodeId key, Bytes value, @Nullable PublicKey author, Bytes salt, long sequence) {}

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
    return Kademlia.start(key, swarm, stateFile, config, clock);
  }

  /** The part this node takes now: never {@link Mode#AUTO}. */
  Mode mode();

  /** The record of a node, from the table or by lookup. */
  Optional<Signed<PeerRecord>> findPeer(NodeId node, Duration within);

  /** The {@code count} nodes closest to a 32-byte key that a lookup finds, closest first. */
  List<Signed<PeerRecord>> findClosestPeers(NodeId key, int count, Duration within);

  /**
   * Tells the nodes closest to a key that this node provides what the key stands for. They keep it
   * for 24 hours; this node says it again every 12 hours, also after a restart, until {@link
   * #withdraw}. With nobody to tell yet it is said as soon as there is.
   *
   * @param key any 32 bytes: a hash, or a place of {@link Rendezvous}
   * @return how many nodes keep it so far; 0 when there was nobody within the time
   */
  int provide(NodeId key, Duration within);

  /** Says it no more; what others keep runs out. False if this node did not say it. */
  boolean withdraw(NodeId key);

  /**
   * Nodes that say that they provide what the key stands for, each with its own current record,
   * those who said it last first. What a node says is no proof that it is so. This node itself is
   * not among them.
   */
  List<Signed<PeerRecord>> findProviders(NodeId key, int count, Duration within);

  /**
   * Puts a value of at most 1,000 bytes under its own hash. This node puts it again every hour,
   * also after a restart, until {@link #forget}; kept for 24 hours after the last time.
   *
   * @throws dev.cis.kernel.fault.Fault {@code dht.too-large}, {@code dht.busy}
   */
  Put put(Bytes value, Duration within);

  /**
   * Puts a value under its author's key and a salt, in the place of the one with a lower sequence
   * (BEP 44). Repeated as an immutable one is, while this node knows of no higher sequence.
   *
   * @param expected the sequence that the value before it must have where it is known, such as the
   *     one that {@link #get} told: compare and swap; empty replaces whatever is lower
   * @throws dev.cis.kernel.fault.Fault {@code dht.too-large}; {@code dht.conflict} when nodes have
   *     another sequence than expected, or one that is not lower; {@code dht.busy}
   */
  Put put(
      KeyPair author,
      Bytes salt,
      long sequence,
      Bytes value,
      OptionalLong expected,
      Duration within);

  /** Where the mutable values of an author and a salt are. */
  static NodeId key(PublicKey author, Bytes salt) {
    return MutableValue.key(author, salt);
  }

  /** The value under a key, verified; of a mutable one the highest sequence that is found. */
  Optional<Value> get(NodeId key, Duration within);

  /** Puts a value again no more; false if this node did not put it. */
  boolean forget(NodeId key);

  /** Looks up our own position and refreshes far buckets; how many nodes the table has then. */
  int bootstrap(Duration within);

  /** How many nodes the table has. */
  int tableSize();

  /** Every node of the table, also those that are gone, the farthest bucket first. */
  List<Seat> table();

  /** How many newcomers wait for a place in full buckets of the table. */
  int waiting();

  /** Requests of peers that could not be read, and were refused. */
  long malformed();

  /** What the DHT of this node did so far. */
  DhtMachine.Stats stats();

  /** Writes the table to its file and takes part no longer. */
  @Override
  void close();
}
