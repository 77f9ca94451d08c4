package dev.cis.gossip.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sim.SimHost;
import dev.cis.sim.SimNetwork;
import dev.cis.sim.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Gossip machines on a simulated network, with links between some of them. */
final class Village {
  final Simulation simulation;
  final SimNetwork<NodeId, GossipFrame> network;
  final List<NodeId> nodes = new ArrayList<>();
  final List<GossipOutput.Refused> refused = new ArrayList<>();
  final List<GossipOutput.Published> published = new ArrayList<>();

  private final Map<NodeId, SimHost<GossipInput, GossipOutput>> hosts = new HashMap<>();
  private final Map<NodeId, List<GossipOutput.Deliver>> delivered = new HashMap<>();
  private final Map<NodeId, Set<NodeId>> links = new HashMap<>();
  private final RandomGenerator random;
  private final GossipBounds bounds;

  Village(long seed, int size, SimNetwork.Conditions conditions) {
    this(seed, size, conditions, GossipBounds.DEFAULT);
  }

  Village(long seed, int size, SimNetwork.Conditions conditions, GossipBounds bounds) {
    this.simulation = new Simulation(seed);
    this.network = new SimNetwork<>(simulation, conditions);
    this.random = simulation.newRandom();
    this.bounds = bounds;
    for (int i = 0; i < size; i++) {
      var bytes = new byte[NodeId.BYTES];
      random.nextBytes(bytes);
      var node = NodeId.of(bytes);
      nodes.add(node);
      links.put(node, new HashSet<>());
      delivered.put(node, new ArrayList<>());
      hosts.put(node, new SimHost<>(simulation, newMachine(node), out -> effect(node, out)));
      network.attach(node, (from, frame) -> receive(node, from, frame));
    }
  }

  private GossipMachine newMachine(NodeId node) {
    return new GossipMachine(node, bounds, simulation.newRandom());
  }

  private void receive(NodeId node, NodeId from, GossipFrame frame) {
    of(hosts, node).on(new GossipInput.Received(from, frame));
  }

  private void effect(NodeId node, GossipOutput output) {
    switch (output) {
      case GossipOutput.Send(var to, var frame) -> network.send(node, to, frame);
      case GossipOutput.Deliver deliver -> of(delivered, node).add(deliver);
      case GossipOutput.Published done -> published.add(done);
      case GossipOutput.Refused refusal -> refused.add(refusal);
    }
  }

  void link(int a, int b) {
    if (a != b && of(links, nodes.get(a)).add(nodes.get(b))) {
      of(links, nodes.get(b)).add(nodes.get(a));
      of(hosts, nodes.get(a)).on(new GossipInput.PeerUp(nodes.get(b)));
      of(hosts, nodes.get(b)).on(new GossipInput.PeerUp(nodes.get(a)));
    }
  }

  void unlink(int a, int b) {
    of(links, nodes.get(a)).remove(nodes.get(b));
    of(links, nodes.get(b)).remove(nodes.get(a));
    of(hosts, nodes.get(a)).on(new GossipInput.PeerDown(nodes.get(b)));
    of(hosts, nodes.get(b)).on(new GossipInput.PeerDown(nodes.get(a)));
  }

  void line() {
    for (int i = 1; i < nodes.size(); i++) {
      link(i - 1, i);
    }
  }

  /** A ring, so that it is connected, and random links until each has about {@code degree}. */
  void randomLinks(int degree) {
    int size = nodes.size();
    for (int i = 0; i < size; i++) {
      link(i, (i + 1) % size);
    }
    for (int i = 0; i < size * (degree - 2) / 2; i++) {
      link(random.nextInt(size), random.nextInt(size));
    }
  }

  Rumour publish(int node, String what) {
    return publish(node, Bytes.utf8(what), GossipMachine.defaultTtl(nodes.size()), 1);
  }

  Rumour publish(int node, Bytes what, int ttl, double probability) {
    long sequence = RumourId.sequenceAt(simulation.now().wall());
    var rumour =
        Rumour.unsigned(nodes.get(node), sequence, "lab.news.test.v1", what, ttl, probability);
    host(node).on(new GossipInput.Publish(rumour));
    return rumour;
  }

  SimHost<GossipInput, GossipOutput> host(int node) {
    return of(hosts, nodes.get(node));
  }

  GossipMachine machine(int node) {
    return (GossipMachine) host(node).machine();
  }

  void crash(int node) {
    host(node).crash();
    for (var other : Set.copyOf(of(links, nodes.get(node)))) {
      unlink(node, nodes.indexOf(other));
    }
  }

  void restart(int node) {
    of(delivered, nodes.get(node)).clear();
    host(node).restart(newMachine(nodes.get(node)));
  }

  List<GossipOutput.Deliver> delivered(int node) {
    return of(delivered, nodes.get(node));
  }

  long times(int node, Rumour rumour) {
    return delivered(node).stream().filter(d -> d.rumour().id().equals(rumour.id())).count();
  }

  boolean everyoneHas(List<Rumour> rumours) {
    for (int i = 0; i < nodes.size(); i++) {
      for (var rumour : rumours) {
        if (times(i, rumour) != 1) {
          return false;
        }
      }
    }
    return true;
  }

  boolean runUntilEveryoneHas(List<Rumour> rumours, Duration limit) {
    return simulation.runUntil(() -> everyoneHas(rumours), Duration.ofMillis(100), limit);
  }

  private static <T> T of(Map<NodeId, T> map, NodeId node) {
    return Objects.requireNonNull(map.get(node));
  }
}
