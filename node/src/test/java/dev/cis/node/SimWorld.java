package dev.cis.node;

import dev.cis.dht.proto.DhtMessage;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sim.SimNetwork;
import dev.cis.sim.SimNetwork.Conditions;
import dev.cis.sim.Simulation;
import dev.cis.sync.proto.Entry;
import dev.cis.sync.proto.Fingerprint;
import dev.cis.transport.Address;
import dev.cis.transport.PeerRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** The nodes of the simulation and the network between them. */
final class SimWorld {
  /** The same keys in every simulation, for making them takes longer than anything else. */
  private static final List<Signed<PeerRecord>> RECORDS =
      IntStream.range(0, 128).mapToObj(SimWorld::signed).toList();

  private final Simulation simulation;
  private final SimNetwork<Integer, SimPacket> network;
  private final List<SimNode> nodes = new ArrayList<>();
  private final Map<Bytes, Fingerprint> fingerprints = new HashMap<>();
  private final Map<NodeId, Integer> indexes = new HashMap<>();

  SimWorld(long seed, Conditions conditions) {
    this.simulation = new Simulation(seed);
    this.network = new SimNetwork<>(simulation, conditions);
  }

  /** Adds a node that knows nobody. */
  SimNode add() {
    int index = nodes.size();
    indexes.put(id(index), index);
    var node = new SimNode(this, index);
    nodes.add(node);
    network.attach(index, node::arrive);
    return node;
  }

  /** The hash of an entry, made once for all nodes that hold it. */
  Fingerprint fingerprint(Entry entry) {
    return fingerprints.computeIfAbsent(entry.payload(), payload -> entry.fingerprint());
  }

  Simulation simulation() {
    return simulation;
  }

  SimNetwork<Integer, SimPacket> network() {
    return network;
  }

  List<SimNode> nodes() {
    return nodes;
  }

  SimNode node(int index) {
    return nodes.get(index);
  }

  Signed<PeerRecord> record(int index) {
    return RECORDS.get(index);
  }

  NodeId id(int index) {
    return record(index).value().node();
  }

  int indexOf(NodeId node) {
    return indexes.getOrDefault(node, -1);
  }

  boolean reaches(int from, int to) {
    return network.connects(from, to);
  }

  void send(int from, int to, SimPacket packet) {
    network.send(from, to, packet);
  }

  /** Lets time pass until something holds; false if it does not within the limit. */
  boolean reachesWithin(Duration limit, java.util.function.BooleanSupplier condition) {
    return simulation.runUntil(condition, Duration.ofSeconds(3), limit);
  }

  KeyPair key(int index) {
    return keyOf(index);
  }

  private static KeyPair keyOf(int index) {
    return KeyPair.generate(new SplittableRandom(index));
  }

  private static Signed<PeerRecord> signed(int index) {
    var key = keyOf(index);
    return new PeerRecord(
            key.nodeId(),
            1,
            List.of(new Address("10.0.0." + index, Address.DEFAULT_PORT)),
            List.of(),
            "n" + index,
            new TreeMap<>(),
            List.of(),
            List.of(DhtMessage.PROTOCOL),
            Instant.parse("2030-01-01T00:00:00Z"))
        .sign(key);
  }
}
