package dev.cis.api;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import dev.cis.nat.AnchorClock;
import dev.cis.node.Node;
import dev.cis.transport.Address;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerLink;
import dev.cis.transport.PeerRecord;
import dev.cis.transport.Swarm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** How the network treats a node that runs. */
final class NetcheckRequests {
  private static final Duration CLOCK = Duration.ofSeconds(5);
  private static final String ANCHOR = "anchor";
  private static final int MOST_ANCHORS = 16;

  private final Node node;
  private final Swarm swarm;
  private final NodeNames names;

  NetcheckRequests(Node node, NodeNames names) {
    this.node = node;
    this.swarm = node.swarm();
    this.names = names;
  }

  Result netcheck(Request.Netcheck request) throws InterruptedException {
    var links = anchors();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var clocks = new LinkedHashMap<PeerLink, Future<Result.NetcheckAnchor>>();
      for (var link : links) {
        clocks.put(link, threads.submit(() -> look(link)));
      }
      var seen = Netcheck.ask(node.stun(), servers(request, links));
      var anchors = new ArrayList<Result.NetcheckAnchor>();
      for (var clock : clocks.values()) {
        anchors.add(Netcheck.join(clock));
      }
      anchors.sort(
          Comparator.comparing(
              Result.NetcheckAnchor::rttMillis, Comparator.nullsLast(Comparator.naturalOrder())));
      var mappings = node.mappings().stream().map(m -> NodeRequests.mapping(node, m)).toList();
      return Netcheck.report(true, seen, anchors, mappings, isUdpSeen());
    }
  }

  /** Connections over the internet show that UDP works, whether or not there is a STUN server. */
  private boolean isUdpSeen() {
    return swarm.links().stream()
        .anyMatch(link -> link.path().equals("direct") && !link.remote().isPrivate());
  }

  /** Those that were named, else those that are configured, else the anchors. */
  private List<Address> servers(Request.Netcheck request, List<PeerLink> anchors) {
    if (!request.stun().isEmpty()) {
      return request.stun().stream().map(Address::parse).toList();
    }
    var configured = Netcheck.configured(node.config());
    if (!configured.isEmpty()) {
      return configured;
    }
    var all = new LinkedHashSet<Address>();
    anchors.stream().map(PeerLink::remote).forEach(all::add);
    // Their other addresses too: perhaps of the other family.
    anchors.stream().map(PeerLink::peer).forEach(anchor -> all.addAll(told(anchor)));
    if (all.isEmpty()) {
      swarm.book().entries().stream()
          .filter(NetcheckRequests::isAnchor)
          .forEach(entry -> all.addAll(told(entry.node())));
      all.addAll(Netcheck.bootstrap(node.config()));
    }
    return List.copyOf(all);
  }

  private List<Address> told(NodeId anchor) {
    return swarm
        .book()
        .find(anchor)
        .map(PeerBook.Entry::record)
        .map(record -> record.value().addresses())
        .orElse(List.of())
        .stream()
        .filter(address -> !address.isPrivate())
        .toList();
  }

  private static boolean isAnchor(PeerBook.Entry entry) {
    var record = entry.record();
    return record != null && isAnchor(record.value());
  }

  private static boolean isAnchor(PeerRecord record) {
    return record.roles().contains(ANCHOR);
  }

  private List<PeerLink> anchors() {
    var others = node.discovery().look().anchors();
    return swarm.links().stream()
        .filter(link ->
            others.contains(link.peer())
                || swarm.book().find(link.peer()).filter(NetcheckRequests::isAnchor).isPresent())
        .limit(MOST_ANCHORS)
        .toList();
  }

  private Result.NetcheckAnchor look(PeerLink link) {
    try {
      var skew = AnchorClock.ask(swarm, link.peer(), Uptime.CLOCK, CLOCK);
      return anchor(link, skew, null);
    } catch (Fault e) {
      return anchor(link, null, e.code().text() + ": " + e.getMessage());
    }
  }

  private Result.NetcheckAnchor anchor(
      PeerLink link, AnchorClock.@Nullable Skew skew, @Nullable String failure) {
    // Measured again by the question just asked.
    var rtt = swarm.link(link.peer()).map(PeerLink::rtt).orElse(link.rtt());
    return new Result.NetcheckAnchor(
        link.peer().toString(),
        names.of(link.peer()),
        link.remote().toString(),
        link.path(),
        rtt == null ? null : Netcheck.millis(rtt),
        skew == null ? null : skew.ahead().toMillis(),
        skew == null ? null : skew.error().toMillis() + 1,
        failure);
  }
}
