package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Machine;
import dev.cis.sim.SimHost;
import dev.cis.sim.SimNetwork;
import dev.cis.sim.SimNetwork.Conditions;
import dev.cis.sim.Simulation;
import dev.cis.transport.Address;
import dev.cis.transport.PeerRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Many DHT machines over a simulated network. */
class DhtNetwork {
  sealed interface Packet {
    record Call(DhtMessage.Request message, long id) implements Packet {}

    record Answer(DhtMessage.Response message, long id) implements Packet {}
  }

  final Simulation simulation;
  final SimNetwork<Integer, Packet> network;
  final List<SimHost<DhtInput, DhtOutput>> nodes = new ArrayList<>();
  final Map<Long, DhtOutput.LookupDone> done = new HashMap<>();
  final Map<Long, Integer> bootstrapped = new HashMap<>();
  final Map<Long, DhtOutput.Published> published = new HashMap<>();
  private final Set<Integer> clients = new HashSet<>();
  private final Map<NodeId, Integer> indexes = new HashMap<>();
  private final KademliaConfig config;
  private long lastLookup;

  DhtNetwork(long seed, Conditions conditions, KademliaConfig config) {
    this.simulation = new Simulation(seed);
    this.network = new SimNetwork<>(simulation, conditions);
    this.config = config;
  }

  /** Adds a node that knows nobody. */
  int add() {
    int index = nodes.size();
    indexes.put(People.id(index), index);
    nodes.add(new SimHost<>(simulation, fresh(index), output -> effect(index, output)));
    network.attach(index, (from, packet) -> arrive(index, from, packet));
    nodes.get(index).on(new DhtInput.Own(record(index)));
    return index;
  }

  /** Adds a node that asks and does not answer. */
  int addClient() {
    clients.add(nodes.size());
    return add();
  }

  /** What a node says of itself. */
  Signed<PeerRecord> record(int index) {
    return clients.contains(index)
        ? People.record(index, 1, People.record(index).value().addresses(), People.EXPIRY, false)
        : People.record(index);
  }

  /** The address from which a node's packets come to another. */
  Address address(int node, int peer) {
    return record(peer).value().addresses().getFirst();
  }

  Machine<DhtInput, DhtOutput> fresh(int index) {
    return new DhtMachine(People.key(index), config, RecordsConfig.DEFAULT, simulation.newRandom());
  }

  /** Gives the node a connection to another: what discovery does with a bootstrap address. */
  void connect(int node, int bootstrap) {
    seen(node, bootstrap);
    seen(bootstrap, node);
  }

  /** As many nodes, each knowing one earlier one, a pause apart. */
  void grow(int count, Duration pause) {
    var random = simulation.newRandom();
    for (int i = 0; i < count; i++) {
      int node = add();
      if (node > 0) {
        connect(node, random.nextInt(node));
      }
      simulation.runFor(pause);
    }
  }

  DhtMachine machine(int node) {
    return (DhtMachine) nodes.get(node).machine();
  }

  long find(int asker, NodeId target, DhtInput.Purpose purpose) {
    long lookup = ++lastLookup;
    nodes.get(asker).on(new DhtInput.StartLookup(lookup, target, purpose));
    return lookup;
  }

  /** Looks a node up and waits for the result. */
  DhtOutput.LookupDone lookUp(int asker, NodeId target, DhtInput.Purpose purpose) {
    long lookup = find(asker, target, purpose);
    simulation.runUntil(
        () -> done.containsKey(lookup), Duration.ofMillis(20), Duration.ofMinutes(5));
    return Optional.ofNullable(done.get(lookup)).orElseThrow();
  }

  /** Publishes something and waits until it is said for the first time. */
  DhtOutput.Published publish(int node, Publication publication, OptionalLong expected) {
    long task = ++lastLookup;
    nodes.get(node).on(new DhtInput.Publish(task, publication, expected));
    simulation.runUntil(
        () -> published.containsKey(task), Duration.ofMillis(20), Duration.ofMinutes(5));
    return Optional.ofNullable(published.get(task)).orElseThrow();
  }

  private void seen(int node, int peer) {
    nodes.get(node).on(new DhtInput.PeerSeen(record(peer), address(node, peer)));
  }

  private void effect(int node, DhtOutput output) {
    switch (output) {
      case DhtOutput.SendRequest(var to, var message, var id) -> {
        Integer peer = indexes.get(to.value().node());
        if (peer != null) {
          network.send(node, peer, new Packet.Call(message, id));
        }
      }
      case DhtOutput.SendResponse(var to, var message, var id) ->
          network.send(node, indexes.getOrDefault(to, -1), new Packet.Answer(message, id));
      case DhtOutput.LookupDone result -> done.put(result.lookup(), result);
      case DhtOutput.Bootstrapped(var id, var size) -> bootstrapped.put(id, size);
      case DhtOutput.Published result -> published.put(result.task(), result);
      case DhtOutput.LookupRefused _, DhtOutput.Discovered _ -> {}
    }
  }

  private void arrive(int node, int from, Packet packet) {
    seen(node, from); // the handshake tells both sides who the other is
    switch (packet) {
      case Packet.Call(var message, var id) ->
          nodes
              .get(node)
              .on(new DhtInput.Request(People.id(from), address(node, from), message, id));
      case Packet.Answer(var message, var id) ->
          nodes
              .get(node)
              .on(new DhtInput.Response(People.id(from), address(node, from), message, id));
    }
  }
}
