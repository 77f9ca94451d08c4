package dev.cis.api;

import dev.cis.kernel.identity.NodeId;
import dev.cis.nat.relay.RelayClient;
import dev.cis.node.Node;
import dev.cis.node.Traversal;
import dev.cis.transport.Address;
import dev.cis.transport.Link;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerLink;
import dev.cis.transport.Swarm;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Puts together what every room knows about the connection to one peer. */
final class WhyRequests {
  private final Node node;
  private final Swarm swarm;
  private final NodeNames names;

  WhyRequests(Node node, NodeNames names) {
    this.node = node;
    this.swarm = node.swarm();
    this.names = names;
  }

  Result why(Request.Why request) {
    var id = names.findPeer(request.node());
    var entry = swarm.book().find(id);
    var link = swarm.link(id);
    var rest = swarm.resting(id).map(WhyRequests::rest).orElse(null);
    boolean admitted = swarm.admission().admits(id);
    var found =
        node.discovery().found().stream()
            .filter(each -> each.node() != null && id.equals(each.node()))
            .map(each -> each.source())
            .distinct()
            .toList();
    boolean dialled = swarm.isKept(id) || !found.isEmpty();
    var look = link.map(each -> link(id, each)).orElse(null);
    return Diagnosis.complete(
        new Result.Why(
            id.toString(),
            names.of(id),
            node.discovery().online().online(),
            node.traversal().isPresent(),
            admitted,
            swarm.isKept(id),
            found,
            look,
            rest,
            entry.map(PeerBook.Entry::addresses).orElse(List.of()).stream()
                .map(known -> attempt(known, next(known.address(), look, rest, admitted, dialled)))
                .toList(),
            relays(id, entry),
            swarm.ends().stream()
                .filter(end -> end.peer().equals(id))
                .map(end -> TrafficRequests.end(end, names))
                .toList(),
            "",
            ""));
  }

  private static Result.WhyRest rest(Swarm.Resting resting) {
    return new Result.WhyRest(
        seconds(resting.left()), resting.dismissed(), resting.failures(), resting.why());
  }

  /** Rounded up, so that nothing that is left reads as nothing. */
  private static long seconds(Duration duration) {
    return duration.plusMillis(999).toSeconds();
  }

  private Result.WhyLink link(NodeId id, PeerLink link) {
    boolean relayed = link.path().equals(Link.RELAY);
    var relay =
        relayed ? node.traversal().flatMap(each -> each.relay(id)) : Optional.<NodeId>empty();
    var rtt = link.rtt();
    return new Result.WhyLink(
        link.path(),
        link.outbound() ? "outbound" : "inbound",
        where(id, link, relay).toString(),
        rtt == null ? null : (Double) (rtt.toNanos() / 1e6),
        link.since(),
        swarm.members().stream().anyMatch(each -> each.peer().equals(id)),
        relay.map(names::of).orElse(null),
        node.traversal().flatMap(each -> each.search(id)).orElse(null),
        // Whoever dialled looks for paths; the other side waits for its offers.
        relayed && link.outbound()
            ? node.traversal()
                .flatMap(each -> each.nextSearch(id))
                .map(left -> (Long) seconds(left))
                .orElse(null)
            : null);
  }

  private Address where(NodeId id, PeerLink link, Optional<NodeId> relay) {
    return relay
        .flatMap(swarm::link)
        .map(PeerLink::remote)
        .or(() -> node.traversal().flatMap(each -> each.moved(id)))
        .filter(_ -> link.remote().isVirtual())
        .orElse(link.remote());
  }

  private static Result.WhyAttempt attempt(PeerBook.Known known, String next) {
    return new Result.WhyAttempt(
        known.address().toString(),
        known.source(),
        known.lastSuccess(),
        known.lastFailure(),
        known.failure(),
        next);
  }

  private static String next(
      Address address,
      Result.@Nullable WhyLink link,
      Result.@Nullable WhyRest rest,
      boolean admitted,
      boolean dialled) {
    if (link != null) {
      return link.address().equals(address.toString()) ? "in use" : "none while connected";
    }
    if (!admitted) {
      return "none: shut out here";
    }
    if (rest != null) {
      return (rest.disconnected() ? "left alone for " : "not before ") + rest.seconds() + " s";
    }
    return dialled ? "soon" : "when needed";
  }

  private List<Result.WhyRelay> relays(NodeId id, Optional<PeerBook.Entry> entry) {
    var named =
        entry
            .flatMap(each -> Optional.ofNullable(each.record()))
            .map(record -> record.value().relays())
            .orElse(List.of());
    var asked =
        node.traversal().map(each -> each.attempts(id)).orElse(List.of()).stream()
            .collect(Collectors.toMap(RelayClient.Attempt::relay, each -> each));
    var ours = node.traversal().map(Traversal::relays).orElse(List.of());
    var inUse =
        swarm
            .link(id)
            .filter(link -> link.path().equals(Link.RELAY))
            .flatMap(_ -> node.traversal().flatMap(each -> each.relay(id)));
    var all = new LinkedHashSet<>(named);
    all.addAll(asked.keySet());
    inUse.ifPresent(all::add);
    return all.stream()
        .map(relay -> {
          var attempt = asked.get(relay);
          return new Result.WhyRelay(
              relay.toString(),
              names.of(relay),
              named.contains(relay),
              ours.contains(relay),
              swarm.link(relay).isPresent(),
              Objects.equals(inUse.orElse(null), relay),
              attempt == null ? null : attempt.at(),
              attempt == null ? null : attempt.failure());
        })
        .toList();
  }
}
