package dev.cis.node;

import dev.cis.blobs.Blobs;
import dev.cis.deploy.Deployments;
import dev.cis.dht.Routing;
import dev.cis.discovery.Discovery;
import dev.cis.gossip.Gossip;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import dev.cis.nat.Datagrams;
import dev.cis.nat.DialBack;
import dev.cis.nat.OwnAddresses;
import dev.cis.nat.StunClient;
import dev.cis.nat.mapping.Mapping;
import dev.cis.nat.mapping.PortMapping;
import dev.cis.nat.proto.AddressState;
import dev.cis.nat.proto.RelayTable;
import dev.cis.nat.relay.RelayService;
import dev.cis.sync.Memory;
import dev.cis.sync.Sync;
import dev.cis.transport.Address;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.PeerLocator;
import dev.cis.transport.Swarm;
import dev.cis.transport.quic.QuicSwarm;
import dev.cis.transport.realm.Invitation;
import dev.cis.transport.realm.Realms;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node that runs: every room, plugged together. Closing it stops the rooms in the opposite order
 * of their start and gives everything back; applications go on.
 */
public final class Node implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Node.class);

  /** The role of an anchor in its peer record. */
  static final String ANCHOR = "anchor";

  private static final Duration MEETING = Duration.ofSeconds(30);

  private final Home home;
  private final NodeConfig config;
  private final Instant startedAt = Instant.now();
  private final Rooms rooms;
  private final FactsWriter facts;
  private final Deque<Part> parts;
  private SortedMap<String, String> labels;
  private List<Address> external;
  private List<NodeId> relays = List.of();
  private @Nullable OwnAddresses own;
  private @Nullable PortMapping mapping;
  private @Nullable Traversal traversal;

  /** Something to be stopped, and what it is called in the log. */
  record Part(String name, AutoCloseable part) {}

  /** The rooms of a node. */
  record Rooms(
      KeyPair key,
      Realms realms,
      Swarm swarm,
      Gossip gossip,
      @Nullable Routing routing,
      Discovery discovery,
      DialBack dialBack,
      StunClient stun,
      Datagrams datagrams,
      @Nullable RelayService relaying,
      Memory memory,
      Sync sync,
      Blobs blobs,
      Deployments deployments) {}

  Node(Home home, NodeConfig config, Rooms rooms, Deque<Part> parts) {
    this.home = home;
    this.config = config;
    this.rooms = rooms;
    this.parts = new ArrayDeque<>(parts);
    this.labels = config.labels();
    this.external = config.p2p().externalAddress();
    this.facts = new FactsWriter(this);
    this.parts.push(new Part("facts", facts));
  }

  /**
   * Starts a node and returns when it takes connections. What fails leaves nothing running.
   *
   * @throws Fault {@code node.already-running}, {@code node.no-identity}, {@code
   *     transport.port-in-use} and others, each saying what to do
   */
  public static Node start(Home home, NodeConfig config) {
    return Assembly.start(home, config, QuicSwarm::open);
  }

  /** The data directory. */
  public Home home() {
    return home;
  }

  /** What was configured when it started. */
  public NodeConfig config() {
    return config;
  }

  /** When it started. */
  public Instant startedAt() {
    return startedAt;
  }

  /** The node's own key. */
  public KeyPair key() {
    return rooms.key;
  }

  /** The realms it is in. */
  public Realms realms() {
    return rooms.realms;
  }

  /**
   * Where others may find members of a realm, for an invitation: this node first, then members
   * connected now.
   */
  public List<PeerLocator> anchors(String realm) {
    var self = rooms.swarm.self();
    var own = rooms.swarm.record().value().addresses();
    var far = own.stream().filter(address -> !address.isLoopback()).toList();
    var anchors = new ArrayList<PeerLocator>();
    (far.isEmpty() ? own : far)
        .stream()
            .limit(Invitation.MAX_ANCHORS / 2)
            .forEach(address -> anchors.add(new PeerLocator(self, "", address)));
    rooms.swarm.links().stream()
        .filter(link -> link.realms().contains(realm) && link.outbound())
        .limit(Invitation.MAX_ANCHORS - anchors.size())
        .forEach(link -> anchors.add(new PeerLocator(link.peer(), "", link.remote())));
    return anchors;
  }

  /** Looks for members of a realm that was just joined. */
  public void meet(String realm, List<PeerLocator> anchors) {
    for (var anchor : anchors) {
      Thread.ofVirtual().name("meet-" + anchor).start(() -> meet(realm, anchor));
    }
    rooms.discovery.trigger("joined a realm");
  }

  private void meet(String realm, PeerLocator anchor) {
    var node = anchor.node();
    try {
      if (node == null) {
        var _ = rooms.swarm.connect(anchor.address(), MEETING);
        return;
      }
      rooms.swarm.book().suggest(node, anchor.address(), "invitation");
      // A connection shows only what both had when it was made.
      if (rooms.swarm.link(node).filter(link -> !link.realms().contains(realm)).isPresent()) {
        boolean _ = rooms.swarm.hangUp(node, "to meet in a realm joined since");
      }
      var _ = rooms.swarm.connect(node, MEETING);
    } catch (Fault e) {
      LOG.info("event=anchor-not-met anchor={} reason=\"{}\"", anchor, e.getMessage());
    }
  }

  /** All peers. */
  public Swarm swarm() {
    return rooms.swarm;
  }

  /** Publish and subscribe. */
  public Gossip gossip() {
    return rooms.gossip;
  }

  /** The DHT, unless it is off. */
  public Optional<Routing> routing() {
    return Optional.ofNullable(rooms.routing);
  }

  /** Finds peers. */
  public Discovery discovery() {
    return rooms.discovery;
  }

  /** Asks an anchor whether others can reach this node. */
  public DialBack dialBack() {
    return rooms.dialBack;
  }

  /** Asks STUN servers from the socket that carries QUIC. */
  public StunClient stun() {
    return rooms.stun;
  }

  /** The replicated memory. */
  public Memory memory() {
    return rooms.memory;
  }

  /** Its replication. */
  public Sync sync() {
    return rooms.sync;
  }

  /** Content-addressed bytes. */
  public Blobs blobs() {
    return rooms.blobs;
  }

  /** Applications. */
  public Deployments deployments() {
    return rooms.deployments;
  }

  /** The labels it has now. */
  public synchronized SortedMap<String, String> labels() {
    return labels;
  }

  /** Changes the labels, in the configuration file, in the peer record and in the memory. */
  public synchronized void relabel(SortedMap<String, String> changed) {
    var checked = Settings.checkedLabels(changed);
    ConfigFile.writeLabels(home, checked);
    labels = checked;
    rooms.swarm.describe(description(config, checked, external, relays));
    facts.writeNow();
  }

  static PeerDescription description(
      NodeConfig config,
      SortedMap<String, String> labels,
      List<Address> external,
      List<NodeId> relays) {
    var roles = config.p2p().anchor() ? List.of(ANCHOR) : List.<String>of();
    return new PeerDescription(config.name(), labels, roles, external, relays);
  }

  /** How the port stands at the routers of this machine; empty if they are not asked. */
  public synchronized List<Mapping> mappings() {
    return mapping == null ? List.of() : mapping.mappings();
  }

  /** Every address of this node, and whether others can reach it there. */
  public synchronized List<AddressState> addresses() {
    return own == null ? List.of() : own.look();
  }

  /** The connected nodes that answer dial-back: anchors of other realms, and members. */
  public List<NodeId> connectedAnchors() {
    var all = new LinkedHashSet<>(rooms.discovery.look().anchors());
    for (var link : rooms.swarm.members()) {
      rooms
          .swarm
          .book()
          .find(link.peer())
          .map(entry -> entry.record())
          .filter(record -> record.value().roles().contains(ANCHOR))
          .ifPresent(_ -> all.add(link.peer()));
    }
    return List.copyOf(all);
  }

  private synchronized void announce(List<Address> changed) {
    external = changed;
    rooms.swarm.describe(description(config, labels, changed, relays));
  }

  private final class Followed implements OwnAddresses.Events {
    @Override
    public void announce(List<Address> changed) {
      Node.this.announce(changed);
    }

    @Override
    public void networkChanged() {
      @Nullable PortMapping present;
      @Nullable Traversal paths;
      synchronized (Node.this) {
        present = mapping;
        paths = traversal;
      }
      if (present != null) {
        present.networkChanged();
      }
      if (paths != null) {
        paths.networkChanged();
      }
    }
  }

  private synchronized void relayed(List<NodeId> by) {
    relays = by;
    rooms.swarm.describe(description(config, labels, external, by));
  }

  /** Keeps places at relays, and moves relayed connections to direct paths. */
  private synchronized void traverse() {
    if (config.p2p().enableNatTraversal()) {
      var started =
          Traversal.start(
              rooms.swarm, rooms.datagrams, config.nat(), !config.p2p().anchor(), this::relayed);
      traversal = started;
      parts.push(new Part("nat-traversal", started));
    }
  }

  /** How much this node relays for others, if it does. */
  public Optional<RelayTable.Look> relay() {
    return Optional.ofNullable(rooms.relaying).map(RelayService::look);
  }

  /** Relays and direct paths, unless they are off. */
  public synchronized Optional<Traversal> traversal() {
    return Optional.ofNullable(traversal);
  }

  /** Looks where others can reach this node; one that only this machine can needs no look. */
  private synchronized void look() {
    var outside =
        rooms.swarm.localAddresses().stream().filter(address -> !address.isLoopback()).findFirst();
    if (outside.isEmpty()) {
      return;
    }
    var looking =
        OwnAddresses.start(
            rooms.swarm,
            rooms.dialBack,
            this::connectedAnchors,
            config.p2p().externalAddress(),
            new Followed(),
            Uptime.CLOCK);
    own = looking;
    parts.push(new Part("own-addresses", looking));
    if (config.p2p().enableNatTraversal()) {
      mapping =
          PortMapping.start(rooms.key, outside.get().port(), config.mapping(), looking::mapped);
      parts.push(new Part("port-mapping", mapping));
    }
  }

  /** Begins to tell others about this node. */
  void begin() {
    facts.start();
    look();
    traverse();
    LOG.info(
        "event=node-started node={} name={} listen={}",
        rooms.swarm.self(),
        config.name(),
        rooms.swarm.localAddresses());
  }

  @Override
  public void close() {
    stop(parts);
    LOG.info("event=node-stopped node={}", rooms.key.nodeId());
  }

  /** Stops parts, last started first; one that fails does not keep the others from stopping. */
  static void stop(Deque<Part> parts) {
    while (!parts.isEmpty()) {
      var part = parts.pop();
      try {
        part.part.close();
        LOG.debug("event=part-stopped part={}", part.name);
      } catch (Fault e) {
        LOG.warn("event=part-stop-failed part={} reason=\"{}\"", part.name, e.getMessage());
      } catch (Exception e) {
        LOG.error("event=part-stop-failed part={}", part.name, e);
      }
    }
  }
}
