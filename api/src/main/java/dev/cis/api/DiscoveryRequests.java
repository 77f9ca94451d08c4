package dev.cis.api;

import dev.cis.discovery.Discovery;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.nat.DialBack;
import dev.cis.nat.proto.AddressState;
import dev.cis.node.Node;
import dev.cis.transport.Address;
import dev.cis.transport.Swarm;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import org.jspecify.annotations.Nullable;

/** Requests about finding others and being found. */
final class DiscoveryRequests {
  private static final Duration WAIT = Duration.ofSeconds(3);
  private static final int QUEUE = 1_024;

  private final Node node;
  private final Swarm swarm;
  private final NodeNames names;

  DiscoveryRequests(Node node, NodeNames names) {
    this.node = node;
    this.swarm = node.swarm();
    this.names = names;
  }

  Result discover(Request.Discover request) {
    node.discovery().trigger(request.reason());
    return new Result.Done("searching");
  }

  Result events(Request.Events request, Call call) throws InterruptedException {
    // A client that reads slowly loses events and holds up nobody.
    var queue = new ArrayBlockingQueue<Discovery.Event>(QUEUE);
    try (var _ = node.discovery().watch(queue::offer, request.follow())) {
      Discovery.Event event;
      while ((event = request.follow() ? queue.take() : queue.poll()) != null) {
        tell(call, event); // a client that goes away interrupts
      }
    }
    return new Result.Done("no more events");
  }

  private void tell(Call call, Discovery.Event event) {
    var about = event.node();
    call.item(
        new Result.PeerEvent(
            event.at(),
            event.what(),
            about == null ? null : about.toString(),
            about == null ? null : names.of(about),
            event.reason()));
  }

  Result reachable(Request.Reachable request) {
    var anchors =
        request.anchor() == null ? node.connectedAnchors() : List.of(names.find(request.anchor()));
    var asked =
        request.known() ? List.<Result.ReachedBy>of() : anchors.stream().map(this::ask).toList();
    return new Result.Reachability(asked, node.addresses().stream().map(this::address).toList());
  }

  private Result.OwnAddress address(AddressState each) {
    return new Result.OwnAddress(
        each.address().toString(),
        each.state().name().toLowerCase(Locale.ROOT),
        each.origins().stream().map(origin -> origin.name().toLowerCase(Locale.ROOT)).toList(),
        each.reached(),
        each.silent(),
        each.seenBy(),
        each.since(),
        swarm.record().value().addresses().contains(each.address()),
        each.reason());
  }

  private Result.ReachedBy ask(NodeId anchor) {
    try {
      var result = node.dialBack().ask(anchor, port(), WAIT);
      var seen = result.seen().isEmpty() ? null : result.seen();
      return answer(anchor, result.verdict(), seen, null);
    } catch (Fault e) {
      return answer(anchor, null, null, e.code().text() + ": " + e.getMessage());
    }
  }

  private Result.ReachedBy answer(
      NodeId anchor,
      DialBack.@Nullable Verdict verdict,
      @Nullable String seen,
      @Nullable String failure) {
    var word = verdict == null ? null : verdict.name().toLowerCase(Locale.ROOT).replace('_', '-');
    return new Result.ReachedBy(anchor.toString(), names.of(anchor), word, seen, failure);
  }

  private int port() {
    return swarm.boundAddresses().stream()
        .map(Address::port)
        .findFirst()
        .orElse(Address.DEFAULT_PORT);
  }
}
