package dev.cis.node;

import dev.cis.dht.Rendezvous;
import dev.cis.dht.Routing;
import dev.cis.discovery.Discovery;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.Admission;
import dev.cis.transport.PeerLink;
import dev.cis.transport.PeerRecord;
import dev.cis.transport.Swarm;
import dev.cis.transport.realm.Realms;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where members of a realm meet by way of anchors that are no members: a second DHT, of the anchors
 * alone, in which every node may ask and store and only anchors answer. Members provide a place
 * that takes the realm's key to compute. It starts with the first anchor that is met, so a node
 * without anchors pays nothing; an open anchor itself starts it at once.
 */
final class AnchorMeeting implements Discovery.MeetingPlace, Swarm.PeerListener, AutoCloseable {
  /** What members of a realm provide to be found by each other. */
  static final String NAMESPACE = "cis/members";

  private static final Logger LOG = LoggerFactory.getLogger(AnchorMeeting.class);
  private static final int MOST = 32;
  private static final Duration AGAIN = Duration.ofSeconds(30);

  private final Home home;
  private final NodeConfig config;
  private final KeyPair key;
  private final Swarm swarm;
  private final Realms realms;
  private final Set<NodeId> provided = new HashSet<>();
  private final Deque<Node.Part> parts = new ArrayDeque<>();
  private @Nullable Routing routing;
  private boolean closed;

  AnchorMeeting(Home home, NodeConfig config, KeyPair key, Swarm swarm, Realms realms) {
    this.home = home;
    this.config = config;
    this.key = key;
    this.swarm = swarm.in(Admission.ANCHOR_REALM);
    this.realms = realms;
  }

  void start() {
    parts.push(new Node.Part("anchor-links", swarm.listen(this)));
    if (realms.strangers() == Admission.Strangers.SERVED) {
      open(Routing.Mode.SERVER);
    }
  }

  @Override
  public void up(PeerLink link) {
    if (link.outbound()) {
      Thread.ofVirtual().name("anchor-dht").start(this::met);
    }
  }

  /**
   * An anchor is there, perhaps again. One that was met just now, or has lost what it kept, hears
   * where we are at once: else only with the next repetition, which may be half a day away.
   */
  private void met() {
    open(Routing.Mode.CLIENT);
    Routing open;
    List<NodeId> places;
    synchronized (this) {
      open = routing;
      places = List.copyOf(provided);
    }
    if (open == null) {
      return;
    }
    try {
      for (var place : places) {
        int nodes = open.provide(place, AGAIN);
        LOG.debug("event=meeting-provided-again anchors={}", nodes);
      }
    } catch (Fault e) {
      // This node is stopping or has much to look up; the next repetition says it.
      LOG.debug("event=meeting-not-provided-again reason=\"{}\"", e.getMessage());
    }
  }

  @Override
  public void down(NodeId node, String reason) {}

  private synchronized void open(Routing.Mode mode) {
    if (routing != null || closed) {
      return;
    }
    var opened = Routing.start(key, swarm, home.anchorTable(), config.dht().withMode(mode));
    parts.push(new Node.Part("anchor-dht", opened));
    parts.push(new Node.Part("anchor-dht-join", new DhtJoin(swarm, opened)));
    routing = opened;
    LOG.info("event=anchor-dht-started mode={}", mode);
  }

  @Override
  public String name() {
    return "anchors";
  }

  @Override
  public List<Signed<PeerRecord>> visit(Duration within) {
    Routing open;
    synchronized (this) {
      open = routing;
    }
    if (open == null || swarm.links().isEmpty()) {
      return List.of();
    }
    var places = realms.meetingKeys().stream().map(AnchorMeeting::place).toList();
    if (!places.isEmpty()) {
      provide(open, places.getFirst(), within);
    }
    var found = new ArrayList<Signed<PeerRecord>>();
    for (var place : places) {
      found.addAll(open.findProviders(place, MOST, within));
    }
    return found;
  }

  /** Says where we are at the place of the newest key, and no more at those of keys before. */
  private synchronized void provide(Routing open, NodeId place, Duration within) {
    for (var before : List.copyOf(provided)) {
      if (!before.equals(place)) {
        boolean _ = open.withdraw(before);
        provided.remove(before);
      }
    }
    if (provided.add(place)) {
      int nodes = open.provide(place, within);
      LOG.info("event=meeting-provided anchors={}", nodes);
    }
  }

  private static NodeId place(Bytes realmKey) {
    return Rendezvous.place(realmKey, NAMESPACE);
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    Node.stop(parts);
  }
}
