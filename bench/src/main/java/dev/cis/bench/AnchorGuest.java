package dev.cis.bench;

import dev.cis.dht.DhtConfig;
import dev.cis.dht.Rendezvous;
import dev.cis.dht.Routing;
import dev.cis.discovery.Discovery;
import dev.cis.discovery.DiscoveryConfig;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Uptime;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.Datagrams;
import dev.cis.nat.DialBack;
import dev.cis.nat.relay.RelayClient;
import dev.cis.transport.Address;
import dev.cis.transport.Admission;
import dev.cis.transport.Link;
import dev.cis.transport.Liveness;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.PeerLink;
import dev.cis.transport.PeerLocator;
import dev.cis.transport.PeerRecord;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.quic.EventLoops;
import dev.cis.transport.quic.QuicSwarm;
import dev.cis.transport.realm.AccessConfig;
import dev.cis.transport.realm.Invitation;
import dev.cis.transport.realm.Realms;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Everything of a node that has to do with an anchor, and nothing else of it: identity, a realm
 * that the anchor is not in, QUIC, discovery, the DHT of the anchors, a place at the relay,
 * dial-back. It has a /24 network to itself, as most nodes on the internet have. It meets at a
 * place of its own, or all guests would find each other, and connect without the anchor.
 */
final class AnchorGuest implements Discovery.MeetingPlace, Swarm.PeerListener {
  private static final Duration WITHIN = Duration.ofSeconds(30);
  private static final Duration RARELY = Duration.ofMinutes(10);
  private static final Duration DATAGRAM = Duration.ofSeconds(3);
  private static final int QUESTIONS = 3; // as many as a node asks each anchor at once
  private static final int MOST = 32;
  private static final String NAMESPACE = "cis/members"; // that of every node

  private final KeyPair key;
  private final Swarm swarm;
  private final RelayClient relays;
  private final DialBack dialBack;
  private final Path table;
  private @Nullable Routing routing;
  private volatile @Nullable PeerLink anchor;
  private volatile boolean registered;
  private volatile boolean dialledBack;

  private AnchorGuest(KeyPair key, Swarm swarm, Datagrams datagrams, Path table) {
    this.key = key;
    this.swarm = swarm;
    this.table = table;
    this.dialBack = new DialBack(swarm, datagrams);
    this.relays =
        RelayClient.start(
            swarm, datagrams.routes(), RelayClient.RELAYS, by -> swarm.describe(about(by)));
  }

  /**
   * Begins to look for the anchor, as a node does at its start.
   *
   * @param number decides about its address, at most 30,000
   * @param realm that of all who may connect with each other
   */
  static AnchorGuest start(
      int number, Address anchor, Invitation realm, EventLoops loops, Path folder)
      throws UnknownHostException {
    var key = KeyPair.generate(new SecureRandom());
    var realms = Realms.inMemory(key, AccessConfig.DEFAULT, Instant::now);
    var _ = realms.join(realm, true);
    var datagrams = Datagrams.ofNode(Uptime.CLOCK);
    var usual = Liveness.DEFAULT;
    var config =
        TransportConfig.DEFAULT
            .withListen(new InetSocketAddress(network(number), 0))
            // A look at the interfaces costs nobody but the many nodes of this machine.
            .with(
                new Liveness(
                    usual.idleTimeout(),
                    usual.keepAlive(),
                    usual.recordLifetime(),
                    RARELY,
                    usual.probeTimeout()));
    var book = StoredPeerBook.inMemory();
    var swarm = QuicSwarm.open(key, config, book, about(List.of()), realms, datagrams, loops);
    var guest = new AnchorGuest(key, swarm, datagrams, folder.resolve("table-" + number));
    var _ = swarm.in(Admission.ANCHOR_REALM).listen(guest);
    var usually = DiscoveryConfig.DEFAULT;
    var discovery =
        Discovery.create(
            swarm,
            new DiscoveryConfig(
                false,
                false,
                false,
                List.of(new PeerLocator(null, "", anchor)),
                usually.dialTimeout(),
                RARELY,
                usually.limits()));
    discovery.addMeetingPlace(guest);
    discovery.start();
    return guest;
  }

  private static InetAddress network(int number) throws UnknownHostException {
    return InetAddress.getByAddress(
        new byte[] {127, (byte) (1 + number / 250), (byte) (number % 250), 1});
  }

  private static PeerDescription about(List<NodeId> relays) {
    return new PeerDescription("guest", new TreeMap<>(), List.of(), List.of(), relays);
  }

  @Override
  public void up(PeerLink link) {
    if (link.outbound()) {
      anchor = link;
      Thread.ofVirtual().name("guest-" + key.nodeId().brief()).start(() -> join(link));
    }
  }

  @Override
  public void down(NodeId node, String reason) {
    anchor = null;
  }

  private void join(PeerLink link) {
    try {
      if (registered) {
        int _ = dht().provide(place(), WITHIN); // again, as a node does
      }
      var _ = dht().bootstrap(WITHIN);
      for (int i = 0; i < QUESTIONS; i++) {
        int port = swarm.boundAddresses().getFirst().port();
        if (dialBack.ask(link.peer(), port, DATAGRAM).verdict() == DialBack.Verdict.REACHED) {
          dialledBack = true;
        }
      }
    } catch (Fault e) {
      dialledBack = false; // the anchor went, or could not be asked
    }
  }

  private synchronized Routing dht() {
    var open = routing;
    if (open == null) {
      var config = DhtConfig.DEFAULT.withMode(Routing.Mode.CLIENT);
      open = Routing.start(key, swarm.in(Admission.ANCHOR_REALM), table, config);
      routing = open;
    }
    return open;
  }

  @Override
  public String name() {
    return "anchors";
  }

  @Override
  public List<Signed<PeerRecord>> visit(Duration within) {
    if (swarm.links().isEmpty()) {
      return List.of();
    }
    if (!registered) {
      registered = dht().provide(place(), within) > 0;
    }
    return dht().findProviders(place(), MOST, within);
  }

  NodeId place() {
    return Rendezvous.place(Bytes.utf8(key.nodeId().toString()), NAMESPACE);
  }

  /** Whether it has a connection with the anchor that was made since then. */
  boolean isLinked(Instant since) {
    var link = anchor;
    return link != null && link.since().isAfter(since);
  }

  boolean isReserved() {
    return !relays.relays().isEmpty();
  }

  boolean isRegistered() {
    return registered;
  }

  boolean isDialledBack() {
    return dialledBack;
  }

  /** How long the anchor takes to answer. */
  Duration ping() {
    var link = anchor;
    if (link == null) {
      throw new IllegalStateException("no anchor");
    }
    return swarm.ping(link.peer(), WITHIN);
  }

  /** Whether another one is found at its meeting place. */
  boolean finds(AnchorGuest other) {
    return dht().findProviders(other.place(), MOST, WITHIN).stream()
        .anyMatch(record -> record.value().node().equals(other.key.nodeId()));
  }

  /** Connects with another one by way of the anchor's relay, and has it answer. */
  void meet(AnchorGuest other) {
    var at = relays.find(other.key.nodeId(), WITHIN);
    if (at.isEmpty()) {
      throw new IllegalStateException("no circuit: " + relays.attempts(other.key.nodeId()));
    }
    var link = swarm.connect(at.getFirst(), WITHIN);
    if (!link.path().equals(Link.RELAY)) {
      throw new IllegalStateException("the path is " + link.path());
    }
    var _ = swarm.ping(link.peer(), WITHIN);
  }

  void part(AnchorGuest other) {
    boolean _ = swarm.hangUp(other.key.nodeId(), "measured");
  }
}
