package dev.cis.bench;

import dev.cis.dht.proto.DhtInput;
import dev.cis.dht.proto.DhtMachine;
import dev.cis.dht.proto.DhtMessage;
import dev.cis.dht.proto.DhtOutput;
import dev.cis.dht.proto.KademliaConfig;
import dev.cis.dht.proto.RecordsConfig;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.sim.SimHost;
import dev.cis.sim.SimNetwork;
import dev.cis.sim.Simulation;
import dev.cis.transport.Address;
import dev.cis.transport.PeerRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A network of DHT machines, the same that run in nodes, in virtual time. A message takes 23 to 27
 * ms; a question to a node without a connection waits for a handshake of one round trip first;
 * connections end when they were idle for a minute. A question to a node that is gone is never
 * answered. Each honest node has a public address in a subnet of its own.
 */
final class DhtWorld {
  /** There and back it is 50 ms on average. */
  static final SimNetwork.Conditions LINKS =
      new SimNetwork.Conditions(Duration.ofMillis(23), Duration.ofMillis(4), 0, 0);

  private static final Instant EXPIRY = Instant.parse("2030-01-01T00:00:00Z");
  private static final Duration IDLE = Duration.ofMinutes(1);

  /** A correlation is the asker's index and, in so many bits, the number of its request. */
  private static final int ID_BITS = 40;

  private static final Duration BETWEEN_JOINS = Duration.ofMillis(10);

  /** What travels. */
  private sealed interface Packet {
    /** The first half of a handshake; the question waits for the second. */
    record Dial(Ask first) implements Packet {}

    record Dialled(Ask first) implements Packet {}

    /** {@code fresh} when it is the first thing said on a connection. */
    record Ask(DhtMessage.Request message, long id, boolean fresh) implements Packet {}

    record Answer(DhtMessage.Response message, long id) implements Packet {}
  }

  /** One node: its machine, or null for one that is hostile. */
  private record Member(Signed<PeerRecord> record, SimHost<DhtInput, DhtOutput> host, long since) {
    NodeId id() {
      return record.value().node();
    }
  }

  /** A lookup that is over, and the time it took. */
  record Result(DhtOutput.LookupDone done, double millis) {}

  private final Simulation simulation;
  private final SimNetwork<Integer, Packet> network;
  private final KademliaConfig config;
  private final RandomGenerator random;
  private final List<Member> members = new ArrayList<>();
  private final List<Integer> alive = new ArrayList<>();
  private final DhtLinks links = new DhtLinks(IDLE.toNanos());
  private final DhtTraffic traffic = new DhtTraffic();
  private final Map<Long, Duration> started = new HashMap<>();
  private final Map<Long, Result> results = new HashMap<>();
  private @Nullable DhtLiars liars;
  private long lookups;

  DhtWorld(long seed, KademliaConfig config) {
    this.simulation = new Simulation(seed);
    this.network = new SimNetwork<>(simulation, LINKS);
    this.config = config;
    this.random = simulation.newRandom();
  }

  /** The honest nodes that are there, in the order of their start. */
  List<Integer> alive() {
    return alive;
  }

  RandomGenerator random() {
    return random;
  }

  /** What nodes said to each other so far. */
  DhtTraffic traffic() {
    return traffic;
  }

  /** How many nodes there ever were. */
  int size() {
    return members.size();
  }

  NodeId id(int node) {
    return members.get(node).id();
  }

  DhtMachine machine(int node) {
    return (DhtMachine) members.get(node).host.machine();
  }

  /** An honest node that is there, by chance. */
  int anyAlive() {
    return alive.get(random.nextInt(alive.size()));
  }

  /** An honest node that has been there for so long, by chance. */
  int anyAlive(Duration atLeast) {
    long latest = simulation.now().uptime().minus(atLeast).toNanos();
    while (true) {
      int node = anyAlive();
      if (members.get(node).since <= latest) {
        return node;
      }
    }
  }

  void runFor(Duration time) {
    simulation.runFor(time);
  }

  long events() {
    return simulation.eventsRun();
  }

  /** As many nodes, a hundred in a second, each knowing one that is there. */
  void grow(int count) {
    for (int i = 0; i < count; i++) {
      join();
      runFor(BETWEEN_JOINS);
    }
  }

  /** One more node, which knows one of the others. */
  int join() {
    int node = members.size();
    var key = KeyPair.generate(random);
    var host = (20 + node / 65536) + "." + node / 256 % 256 + "." + node % 256 + ".1";
    var record = record(key, key.nodeId(), node, host);
    var machine = new DhtMachine(key, config, RecordsConfig.DEFAULT, simulation.newRandom());
    enter(record, new SimHost<>(simulation, machine, output -> effect(node, output)));
    network.attach(node, (from, packet) -> arrive(node, from, packet));
    members.get(node).host.on(new DhtInput.Own(record));
    if (!alive.isEmpty()) {
      int known = anyAlive();
      links.use(node, known, nanos());
      meet(node, known);
      meet(known, node);
    }
    alive.add(node);
    return node;
  }

  private void enter(Signed<PeerRecord> record, SimHost<DhtInput, DhtOutput> host) {
    members.add(new Member(record, host, nanos()));
  }

  /** The record of the node with this index, which is told from the sequence. */
  static Signed<PeerRecord> record(KeyPair key, NodeId id, int node, String host) {
    return new PeerRecord(
            id,
            node + 1,
            List.of(new Address(host, Address.DEFAULT_PORT)),
            List.of(),
            "",
            new TreeMap<>(),
            List.of(),
            List.of(DhtMessage.PROTOCOL),
            EXPIRY)
        .sign(key);
  }

  /** One honest node, by chance, is gone without a word. */
  void leave() {
    int place = random.nextInt(alive.size());
    int gone = alive.get(place);
    alive.subList(place, place + 1).clear();
    members.get(gone).host.crash();
    network.detach(gone);
  }

  /** So many honest nodes, by chance, become hostile; nobody can tell from outside. */
  void corrupt(int count) {
    var hostile = new ArrayList<Signed<PeerRecord>>();
    for (int i = 0; i < count; i++) {
      int place = random.nextInt(alive.size());
      int node = alive.get(place);
      alive.subList(place, place + 1).clear();
      members.get(node).host.crash();
      network.attach(node, (from, packet) -> lie(node, from, packet));
      hostile.add(members.get(node).record);
    }
    liars = new DhtLiars(hostile);
  }

  /** Hostile nodes with these records join and make themselves known to every honest node. */
  void infiltrate(List<Signed<PeerRecord>> records) {
    liars = new DhtLiars(records);
    for (var record : records) {
      int node = members.size();
      enter(record, members.getFirst().host); // never called: a liar has no machine
      network.attach(node, (from, packet) -> lie(node, from, packet));
    }
    var crowd = new ArrayList<>(alive);
    for (int honest : crowd) {
      for (var record : records) {
        meet(honest, index(record));
      }
      runFor(Duration.ofMillis(2));
    }
  }

  private void lie(int node, int from, Packet packet) {
    var crowd = liars;
    switch (packet) {
      case Packet.Dial(var first) -> network.send(node, from, new Packet.Dialled(first));
      case Packet.Ask(var message, var id, _) when crowd != null ->
          network.send(node, from, new Packet.Answer(crowd.answer(message), id));
      case Packet.Ask _, Packet.Answer _, Packet.Dialled _ -> {}
    }
  }

  /** Cuts the network into two halves. */
  void partition() {
    network.partition(List.copyOf(alive.subList(0, alive.size() / 2)));
  }

  void heal() {
    network.heal();
  }

  /** Begins a lookup; {@link #result} tells how it went. */
  long look(int asker, NodeId target, DhtInput.Purpose purpose) {
    long lookup = ++lookups;
    started.put(lookup, simulation.now().uptime());
    members.get(asker).host.on(new DhtInput.StartLookup(lookup, target, purpose));
    return lookup;
  }

  /** How a lookup went; null while it runs, or when its asker is gone. */
  @Nullable Result result(long lookup) {
    return results.get(lookup);
  }

  /** The honest node that is there and closest to a key, whoever asks left out. */
  NodeId closest(NodeId key, int asker) {
    var best = id(alive.getFirst() == asker ? alive.getLast() : alive.getFirst());
    for (int node : alive) {
      if (node != asker && compare(key, id(node), best) < 0) {
        best = id(node);
      }
    }
    return best;
  }

  /** Negative when {@code a} is closer to the target than {@code b}. */
  static int compare(NodeId target, NodeId a, NodeId b) {
    for (int i = 0; i < NodeId.BYTES; i++) {
      int order = (target.byteAt(i) ^ a.byteAt(i)) - (target.byteAt(i) ^ b.byteAt(i));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  private long nanos() {
    return simulation.now().uptime().toNanos();
  }

  private static int index(Signed<PeerRecord> record) {
    return (int) record.value().sequence() - 1;
  }

  private void meet(int node, int peer) {
    members.get(node).host.on(new DhtInput.PeerSeen(members.get(peer).record, address(peer)));
  }

  private void effect(int node, DhtOutput output) {
    switch (output) {
      case DhtOutput.SendRequest(var to, var message, var id) -> {
        int peer = index(to);
        if (links.isUp(node, peer, nanos())) {
          ask(node, peer, new Packet.Ask(message, id, false));
        } else {
          traffic.dialled();
          network.send(node, peer, new Packet.Dial(new Packet.Ask(message, id, true)));
        }
      }
      case DhtOutput.SendResponse(_, var message, var correlation) -> {
        traffic.answered(message);
        int to = (int) (correlation >>> ID_BITS);
        network.send(node, to, new Packet.Answer(message, correlation & ((1L << ID_BITS) - 1)));
      }
      case DhtOutput.LookupDone done -> {
        var begun = started.remove(done.lookup());
        if (begun != null) {
          double millis = simulation.now().uptime().minus(begun).toNanos() / 1e6;
          results.put(done.lookup(), new Result(done, millis));
        }
      }
      case DhtOutput.LookupRefused _,
          DhtOutput.Discovered _,
          DhtOutput.Bootstrapped _,
          DhtOutput.Published _ -> {}
    }
  }

  private void ask(int node, int peer, Packet.Ask ask) {
    links.use(node, peer, nanos());
    traffic.asked(ask.message);
    network.send(node, peer, ask);
  }

  private void arrive(int node, int from, Packet packet) {
    var host = members.get(node).host;
    switch (packet) {
      case Packet.Dial(var first) -> network.send(node, from, new Packet.Dialled(first));
      case Packet.Dialled(var first) -> {
        meet(node, from);
        ask(node, from, first);
      }
      case Packet.Ask(var message, var id, var fresh) -> {
        if (fresh) {
          meet(node, from);
        }
        host.on(
            new DhtInput.Request(id(from), address(from), message, ((long) from << ID_BITS) | id));
      }
      case Packet.Answer(var message, var id) ->
          host.on(new DhtInput.Response(id(from), address(from), message, id));
    }
  }

  private Address address(int node) {
    return members.get(node).record.value().addresses().getFirst();
  }
}
