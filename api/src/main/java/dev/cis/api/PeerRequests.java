package dev.cis.api;

import dev.cis.discovery.Discovery;
import dev.cis.gossip.Gossip;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.Did;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.node.Node;
import dev.cis.transport.Address;
import dev.cis.transport.Link;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerLink;
import dev.cis.transport.PeerLocator;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportCode;
import dev.cis.transport.realm.Realms;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Requests about peers and messages. */
final class PeerRequests {
  private static final Duration DIAL = Duration.ofSeconds(20);
  private static final Duration PING = Duration.ofSeconds(5);
  private static final Duration BETWEEN_PINGS = Duration.ofSeconds(1);
  private static final long RETRY_MILLIS = 200;
  private static final int ENDS = 20;

  private final Node node;
  private final Swarm swarm;
  private final NodeNames names;

  PeerRequests(Node node, NodeNames names) {
    this.node = node;
    this.swarm = node.swarm();
    this.names = names;
  }

  Result peers(Request.Peers request) {
    var peers = new ArrayList<Result.Peer>();
    if (request.discovered()) {
      for (var found : node.discovery().found()) {
        if (!request.connected() || isLinked(found.node())) {
          peers.add(discovered(found));
        }
      }
      return new Result.Peers(peers, List.of());
    }
    for (var link : swarm.links()) {
      peers.add(peer(link.peer()));
    }
    if (!request.connected()) {
      for (var entry : swarm.book().entries()) {
        if (swarm.link(entry.node()).isEmpty()) {
          peers.add(peer(entry.node()));
        }
      }
    }
    return new Result.Peers(
        peers,
        swarm.ends().stream().limit(ENDS).map(end -> TrafficRequests.end(end, names)).toList());
  }

  Result limits() {
    var all =
        new ArrayList<>(
            swarm.usage().readings().stream()
                .map(r ->
                    new Result.Limit(
                        r.name(),
                        r.key(),
                        r.unit(),
                        r.limit() == Long.MAX_VALUE ? null : (Long) r.limit(),
                        r.used(),
                        r.peak(),
                        r.refused(),
                        r.busiest().isEmpty() ? null : r.busiest()))
                .toList());
    node.relay()
        .ifPresent(
            look -> all.addAll(RelayUse.of(node.config().relay().limits(), look, this::realm)));
    return new Result.Limits(all);
  }

  private String realm(String id) {
    return node.realms().list().stream()
        .filter(realm -> realm.id().equals(id))
        .map(Realms.View::name)
        .findFirst()
        .orElse(id);
  }

  private boolean isLinked(@Nullable NodeId id) {
    return id != null && swarm.link(id).isPresent();
  }

  private Result.Peer discovered(Discovery.Found found) {
    if (found.node() != null && !found.node().equals(swarm.self())) {
      var known = peer(found.node());
      return known.source() == null ? withSource(known, found.source()) : known;
    }
    return new Result.Peer(
        null,
        found.name(),
        false,
        null,
        null,
        null,
        null,
        found.addresses().stream().map(Address::toString).toList(),
        Map.of(),
        found.source(),
        false,
        null,
        found.seen(),
        0,
        0,
        0,
        PeerBook.isRefusal(found.failure()),
        found.failure());
  }

  private static Result.Peer withSource(Result.Peer p, String source) {
    return new Result.Peer(
        p.node(),
        p.name(),
        p.connected(),
        p.path(),
        p.rttMillis(),
        p.direction(),
        p.address(),
        p.addresses(),
        p.labels(),
        source,
        p.manual(),
        p.since(),
        p.seen(),
        p.streams(),
        p.bytesSent(),
        p.bytesReceived(),
        p.refused(),
        p.failure());
  }

  Result.Peer peer(NodeId id) {
    var link = swarm.link(id).orElse(null);
    var entry = swarm.book().find(id).orElse(null);
    var known = entry == null ? List.<PeerBook.Known>of() : entry.addresses();
    var record = entry == null || entry.record() == null ? null : entry.record().value();
    return new Result.Peer(
        id.toString(),
        names.of(id),
        link != null,
        link == null ? null : link.path(),
        link == null ? null : millis(link.rtt()),
        link == null ? null : link.outbound() ? "outbound" : "inbound",
        link == null ? null : link.remote().toString(),
        known.stream().map(k -> k.address().toString()).toList(),
        record == null ? Map.of() : record.labels(),
        known.isEmpty() ? null : known.getFirst().source(),
        entry != null && entry.manual(),
        link == null ? null : link.since(),
        entry == null ? null : entry.lastSeen(),
        link == null ? 0 : link.streams(),
        link == null ? 0 : link.bytesSent(),
        link == null ? 0 : link.bytesReceived(),
        link == null && known.stream().anyMatch(k -> PeerBook.isRefusal(k.failure())),
        link != null || known.isEmpty() ? null : known.getFirst().failure());
  }

  private static @Nullable Double millis(@Nullable Duration duration) {
    return duration == null ? null : (Double) (duration.toNanos() / 1e6);
  }

  Result connect(Request.Connect request) {
    return new Result.Connected(peer(dial(request.address().strip()).peer()));
  }

  private PeerLink dial(String text) {
    int at = text.lastIndexOf('@');
    if (at < 0) {
      var target = nodeOrAddress(text);
      return target instanceof NodeId id
          ? swarm.connectNow(id, DIAL)
          : swarm.connectNow((Address) target, DIAL);
    }
    var peer = PeerLocator.parse(text); // the one reader, so that --bootstrap takes the same
    return dial(peer.node() == null ? peer.alias() : peer.node().toString(), peer.address());
  }

  private Object nodeOrAddress(String text) {
    if (Did.isDid(text) || NodeId.isNodeId(text)) {
      return names.findPeer(text);
    }
    boolean isAddress = text.contains(":") || text.contains(".");
    if (!isAddress && !swarm.book().matching(text).isEmpty()) {
      return names.findPeer(text);
    }
    return Address.parse(text);
  }

  /** Dials an address where a certain node is expected; a new name is pinned to who answers. */
  private PeerLink dial(String who, Address address) {
    var name = Did.isDid(who) ? Did.parse(who).name() : who;
    if (NodeId.isNodeId(name)) {
      var id = NodeId.parse(name);
      swarm.book().suggest(id, address, "manual");
      return swarm.connectNow(id, DIAL);
    }
    var pinned =
        swarm.book().entries().stream()
            .filter(e -> e.alias().equals(name) || e.node().toString().startsWith(name))
            .map(PeerBook.Entry::node)
            .toList();
    var link = swarm.connectNow(address, DIAL);
    if (!pinned.isEmpty() && !pinned.contains(link.peer())) {
      boolean _ = swarm.hangUp(link.peer(), "another peer was expected at that address");
      throw new Fault(
          TransportCode.WRONG_IDENTITY,
          "at "
              + address
              + " answers "
              + link.peer().brief()
              + ", but '"
              + name
              + "' is "
              + pinned.getFirst().brief()
              + ": if it was set up anew, first run 'cis p2p"
              + " remove-peer "
              + pinned.getFirst().brief()
              + "'");
    }
    swarm.book().addManual(link.peer(), address, name);
    return link;
  }

  Result disconnect(Request.Disconnect request) {
    var id = names.findPeer(request.node());
    if (!swarm.disconnect(id)) {
      throw new Fault(ApiCode.NOT_CONNECTED, names.of(id) + " is not connected");
    }
    var rest = node.config().transport().dialling().disconnectRest();
    return new Result.Done(
        "disconnected from "
            + names.of(id)
            + ": unless a user connects, neither side dials the other for "
            + rest.toSeconds()
            + " s (transport.disconnect_rest)");
  }

  Result addPeer(Request.AddPeer request) {
    var address = Address.parse(request.address());
    var alias = request.did() == null ? null : Did.parse(request.did()).name();
    var name = Did.isDid(request.node()) ? Did.parse(request.node()).name() : request.node();
    NodeId id;
    if (NodeId.isNodeId(name)) {
      id = NodeId.parse(name);
      if (id.equals(swarm.self())) {
        throw new Fault(TransportCode.SELF_DIAL, "that is this node itself");
      }
      swarm.book().addManual(id, address, alias);
    } else {
      id = dial(alias == null ? name : alias, address).peer();
    }
    swarm.recall(id);
    swarm.keep(id);
    return new Result.Done("added " + names.of(id) + " (" + id + ") at " + address);
  }

  Result removePeer(Request.RemovePeer request) {
    var id = names.findPeer(request.node());
    var name = names.of(id);
    swarm.release(id);
    var _ = swarm.disconnect(id);
    if (!swarm.book().remove(id)) {
      throw new Fault(ApiCode.NO_SUCH_NODE, "no peer is called '" + request.node() + "'");
    }
    return new Result.Done("removed " + name + " (" + id + ")");
  }

  Result ping(Request.Ping request, Call call) throws InterruptedException {
    var id = names.findPeer(request.node());
    var _ = swarm.connectNow(id, DIAL);
    var times = new ArrayList<Double>();
    int sent = 0;
    String path = null;
    while (sent < request.count() && !(request.untilDirect() && Link.DIRECT.equals(path))) {
      if (sent++ > 0) {
        Thread.sleep(BETWEEN_PINGS);
      }
      try {
        double rtt = swarm.ping(id, PING).toNanos() / 1e6;
        times.add(rtt);
        path = swarm.link(id).map(PeerLink::path).orElse(path);
        call.item(new Result.Pong(sent, rtt, path, null));
      } catch (Fault e) {
        call.item(new Result.Pong(sent, null, null, e.getMessage()));
      }
    }
    var statistics = times.stream().mapToDouble(Double::doubleValue).summaryStatistics();
    boolean any = !times.isEmpty();
    return new Result.PingSummary(
        id.toString(),
        names.of(id),
        sent,
        times.size(),
        any ? (Double) statistics.getMin() : null,
        any ? (Double) statistics.getAverage() : null,
        any ? (Double) statistics.getMax() : null,
        path);
  }

  Result broadcast(Request.Broadcast request) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(request.waitMillis());
    if (swarm.links().isEmpty() && request.waitMillis() > 0) {
      awaitPeer(request.waitMillis());
    }
    var options =
        new Gossip.Options(request.ttl(), request.probability() == 0 ? 1 : request.probability());
    var payload = Bytes.utf8(request.message());
    var published = node.gossip().publish(request.topic(), payload, options);
    // A fresh connection needs a moment until gossip uses it.
    while (published.peers() == 0 && System.nanoTime() < deadline) {
      Thread.sleep(RETRY_MILLIS);
      published = node.gossip().publish(request.topic(), payload, options);
    }
    return new Result.Published(published.id(), request.topic(), published.peers());
  }

  private void awaitPeer(long millis) throws InterruptedException {
    var up = new CountDownLatch(1);
    var listener =
        new Swarm.PeerListener() {
          @Override
          public void up(PeerLink link) {
            up.countDown();
          }

          @Override
          public void down(NodeId peer, String reason) {}
        };
    try (var _ = swarm.listen(listener)) {
      var _ = up.await(millis, TimeUnit.MILLISECONDS);
    }
  }

  Result subscribe(Request.Subscribe request, Call call) throws InterruptedException {
    try (var subscription = node.gossip().subscribe(request.topic(), m -> tell(call, m))) {
      call.awaitClose();
      return new Result.Done(subscription.dropped() + " messages dropped");
    }
  }

  private void tell(Call call, Gossip.Message m) {
    var text = Payload.text(m.payload());
    call.item(
        new Result.Heard(
            m.topic(),
            m.author().toString(),
            names.of(m.author()),
            text,
            text == null ? Payload.base64(m.payload()) : null,
            m.published(),
            m.hops()));
  }
}
