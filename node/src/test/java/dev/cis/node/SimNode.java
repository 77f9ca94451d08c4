package dev.cis.node;

import dev.cis.dht.proto.DhtInput;
import dev.cis.dht.proto.DhtMachine;
import dev.cis.dht.proto.DhtOutput;
import dev.cis.dht.proto.KademliaConfig;
import dev.cis.dht.proto.RecordsConfig;
import dev.cis.gossip.proto.GossipBounds;
import dev.cis.gossip.proto.GossipInput;
import dev.cis.gossip.proto.GossipMachine;
import dev.cis.gossip.proto.GossipOutput;
import dev.cis.gossip.proto.Rumour;
import dev.cis.gossip.proto.RumourId;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sim.SimHost;
import dev.cis.sync.proto.Admission;
import dev.cis.sync.proto.EntryDraft;
import dev.cis.sync.proto.Fingerprint;
import dev.cis.sync.proto.InMemoryStore;
import dev.cis.sync.proto.Pace;
import dev.cis.sync.proto.Push;
import dev.cis.sync.proto.Signatures;
import dev.cis.sync.proto.SyncInput;
import dev.cis.sync.proto.SyncMachine;
import dev.cis.sync.proto.SyncOutput;
import dev.cis.transport.PeerRecord;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * One node of the simulation: the three machines, and what the swarm does for them. Rooms talk to
 * each other as in a real node: the DHT finds nodes, some of them are kept connected, and links
 * carry gossip and sync; sync tells new entries by gossip.
 */
final class SimNode {
  /** As in life, but rumours are forgotten after 30 s, so that the simulation can be shorter. */
  static final GossipBounds GOSSIP =
      new GossipBounds(
          Duration.ofSeconds(30),
          GossipBounds.DEFAULT.clockSkew(),
          GossipBounds.DEFAULT.announceFirst(),
          GossipBounds.DEFAULT.announceLast(),
          GossipBounds.DEFAULT.askFirst(),
          GossipBounds.DEFAULT.askAgain(),
          GossipBounds.DEFAULT.cachedBytes(),
          GossipBounds.DEFAULT.rememberedIds(),
          GossipBounds.DEFAULT.missing());

  private static final String MEMORY = "cis/memory";
  private static final String NEWS = "news";
  private static final int KEPT = 4;
  private static final Duration ROUND = Duration.ofSeconds(5);
  private static final Duration IDLE = Duration.ofSeconds(15);

  private final SimWorld world;
  private final int index;
  private final NodeId id;
  private final RandomGenerator random;
  private final SimHost<DhtInput, DhtOutput> dht;
  private final SimHost<GossipInput, GossipOutput> gossip;
  private final SimHost<SyncInput, SyncOutput> sync;
  private final InMemoryStore store;
  private final DhtMachine dhtMachine;
  private final Set<Integer> kept = new TreeSet<>();
  private final Map<Integer, Duration> links = new TreeMap<>();
  private final Set<Integer> met = new HashSet<>();
  private final Set<RumourId> news = new HashSet<>();
  private final Map<Long, Boolean> lookups = new HashMap<>();
  private long sequence;
  private long lastLookup;

  SimNode(SimWorld world, int index) {
    this.world = world;
    this.index = index;
    this.id = world.record(index).value().node();
    var simulation = world.simulation();
    this.random = simulation.newRandom();
    this.dhtMachine =
        new DhtMachine(
            world.key(index),
            KademliaConfig.DEFAULT,
            RecordsConfig.DEFAULT,
            simulation.newRandom());
    var gossipMachine = new GossipMachine(id, GOSSIP, simulation.newRandom());
    var signatures = Signatures.trusting(id);
    this.store = new InMemoryStore(id, signatures);
    var syncMachine =
        new SyncMachine(
            id, "", Pace.DEFAULT, simulation.newRandom(), store, signatures, Admission.BASIC);
    this.dht = new SimHost<>(simulation, dhtMachine, this::dhtEffect);
    this.gossip = new SimHost<>(simulation, gossipMachine, this::gossipEffect);
    this.sync = new SimHost<>(simulation, syncMachine, this::syncEffect);
    simulation.after(Duration.ofNanos(random.nextLong(ROUND.toNanos())), this::round);
  }

  NodeId id() {
    return id;
  }

  /** A packet came; the connection that carried it has told who the sender is. */
  void arrive(int from, SimPacket packet) {
    var sender = world.record(from);
    switch (packet) {
      case SimPacket.DhtCall(var message, var call) -> {
        meetOnce(from, sender);
        dht.on(new DhtInput.Request(sender.value().node(), null, message, call));
      }
      case SimPacket.DhtAnswer(var message, var call) -> {
        meetOnce(from, sender);
        dht.on(
            new DhtInput.Response(
                sender.value().node(), sender.value().addresses().getFirst(), message, call));
      }
      case SimPacket.Gossip(var frame) ->
          gossip.on(new GossipInput.Received(sender.value().node(), frame));
      case SimPacket.Sync(var message) ->
          sync.on(new SyncInput.Received(sender.value().node(), message));
    }
  }

  /** The machine itself hears of later calls of a node that it met. */
  private void meetOnce(int from, Signed<PeerRecord> peer) {
    if (met.add(from)) {
      meet(peer);
    }
  }

  /** There is a connection with this node: by its bootstrap address, or because it called. */
  void meet(Signed<PeerRecord> peer) {
    dht.on(new DhtInput.PeerSeen(peer, peer.value().addresses().getFirst()));
  }

  /** What the swarm does now and then: drop dead links, redial kept peers, find further ones. */
  private void round() {
    var now = world.simulation().now().uptime();
    for (var link : List.copyOf(links.entrySet())) {
      if (world.reaches(index, link.getKey())) {
        links.put(link.getKey(), now);
      } else if (now.minus(link.getValue()).compareTo(IDLE) >= 0) {
        links.remove(link.getKey());
        gossip.on(new GossipInput.PeerDown(world.id(link.getKey())));
        sync.on(new SyncInput.PeerDown(world.id(link.getKey())));
      }
    }
    var known = dhtMachine.table().records();
    if (kept.size() < KEPT && !known.isEmpty()) {
      kept.add(world.indexOf(known.get(random.nextInt(known.size())).value().node()));
    }
    gossip.on(new GossipInput.NetworkSize(known.size() + 1));
    for (int peer : kept) {
      if (!links.containsKey(peer) && world.reaches(index, peer)) {
        linked(peer);
        world.node(peer).linked(index);
      }
    }
    world.simulation().after(ROUND, this::round);
  }

  private void linked(int peer) {
    if (links.put(peer, world.simulation().now().uptime()) == null) {
      gossip.on(new GossipInput.PeerUp(world.id(peer)));
      sync.on(new SyncInput.PeerUp(world.id(peer)));
    }
  }

  int links() {
    return links.size();
  }

  /** Writes, or deletes, a key of the memory. */
  void write(String key, String value, boolean delete) {
    var draft = new EntryDraft("", "", key, Bytes.utf8(delete ? "" : value), Bytes.EMPTY, delete);
    var entry = store.write(draft, world.simulation().now().wall());
    sync.on(new SyncInput.Written(List.of(entry)));
  }

  /** A hash of everything in the memory. */
  Fingerprint memory() {
    var all = Fingerprint.EMPTY;
    for (var entry : store.entries()) {
      all = all.plus(world.fingerprint(entry));
    }
    return all;
  }

  /** Publishes a rumour; the answer tells which. */
  RumourId publish(String text) {
    return publish(NEWS, Bytes.utf8(text));
  }

  boolean heard(RumourId rumour) {
    return news.contains(rumour);
  }

  private RumourId publish(String topic, Bytes payload) {
    sequence = Math.max(sequence + 1, RumourId.sequenceAt(world.simulation().now().wall()));
    int ttl = GossipMachine.defaultTtl(dhtMachine.table().size() + 1);
    var rumour = Rumour.unsigned(id, sequence, topic, payload, ttl, 1);
    gossip.on(new GossipInput.Publish(rumour));
    return rumour.id();
  }

  /** Looks a node up in the DHT. */
  long lookUp(NodeId target) {
    dht.on(new DhtInput.StartLookup(++lastLookup, target, DhtInput.Purpose.FIND_PEER));
    return lastLookup;
  }

  /** Whether a lookup is over and found its target. */
  boolean hasFound(long lookup) {
    return lookups.getOrDefault(lookup, false);
  }

  private void dhtEffect(DhtOutput output) {
    switch (output) {
      case DhtOutput.SendRequest(var to, var message, var call) ->
          send(to.value().node(), new SimPacket.DhtCall(message, call));
      case DhtOutput.SendResponse(var to, var message, var call) ->
          send(to, new SimPacket.DhtAnswer(message, call));
      case DhtOutput.LookupDone done -> lookups.put(done.lookup(), done.found().isPresent());
      case DhtOutput.LookupRefused(var lookup) -> lookups.put(lookup, false);
      case DhtOutput.Discovered _, DhtOutput.Bootstrapped _, DhtOutput.Published _ -> {}
    }
  }

  private void gossipEffect(GossipOutput output) {
    switch (output) {
      case GossipOutput.Send(var to, var frame) -> send(to, new SimPacket.Gossip(frame));
      case GossipOutput.Deliver(var rumour, _) -> {
        if (rumour.topic().equals(MEMORY)) {
          var push = Push.CODEC.decode(rumour.payload().toByteArray());
          sync.on(new SyncInput.Pushed(push.entries()));
        } else {
          news.add(rumour.id());
        }
      }
      case GossipOutput.Published _, GossipOutput.Refused _ -> {}
    }
  }

  private void syncEffect(SyncOutput output) {
    switch (output) {
      case SyncOutput.Send(var to, var message) -> send(to, new SimPacket.Sync(message));
      case SyncOutput.Broadcast(var entries) ->
          publish(MEMORY, Bytes.of(Push.CODEC.encode(new Push(entries))));
      case SyncOutput.Finished _, SyncOutput.Declined _ -> {}
    }
  }

  private void send(NodeId to, SimPacket packet) {
    world.send(index, world.indexOf(to), packet);
  }
}
