package dev.cis.api;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.Did;
import dev.cis.kernel.identity.NodeId;
import dev.cis.nat.mapping.Mapping;
import dev.cis.nat.proto.AddressState;
import dev.cis.node.Node;
import dev.cis.node.NodeFacts;
import dev.cis.node.Traversal;
import dev.cis.node.Version;
import dev.cis.sync.Memory;
import dev.cis.transport.Address;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Requests about nodes, this one first. */
final class NodeRequests {
  /** Facts are written every minute; after two and a half they say nothing of the present. */
  private static final Duration STALE = Duration.ofSeconds(150);

  private static final int MOST_NODES = 10_000;

  private final Node node;
  private final NodeNames names;

  NodeRequests(Node node, NodeNames names) {
    this.node = node;
    this.names = names;
  }

  Result status() {
    var self = node.swarm().self();
    var look = node.discovery().look();
    return new Result.Status(
        self.toString(),
        Did.of(self).toString(),
        node.config().name(),
        Version.TEXT,
        node.home().toString(),
        ProcessHandle.current().pid(),
        node.startedAt(),
        Duration.between(node.startedAt(), Instant.now()).toSeconds(),
        node.swarm().localAddresses().stream().map(Address::toString).toList(),
        node.swarm().record().value().addresses().stream().map(Address::toString).toList(),
        node.labels(),
        node.realms().list().getFirst().name(),
        node.swarm().links().size(),
        node.swarm().book().entries().size(),
        node.routing().map(r -> r.mode().name().toLowerCase(Locale.ROOT)).orElse("off"),
        node.routing().map(r -> r.tableSize()).orElse(0),
        node.config().p2p().enableMdns(),
        node.sync().status().live(),
        (int) node.deployments().apps().stream().filter(a -> a.state().node().equals(self)).count(),
        residentBytes(),
        look.online().online(),
        look.online().reason(),
        look.online().since(),
        node.config().p2p().anchor(),
        look.anchors().stream().map(NodeId::toString).toList(),
        look.sources().stream()
            .map(s -> new Result.DiscoverySource(s.source(), s.found(), s.connected(), s.failed()))
            .toList(),
        look.lan(),
        look.lastSearch(),
        look.lastSearch() == null ? null : look.lastReason(),
        node.mappings().stream().map(m -> mapping(node, m)).toList(),
        node.traversal().map(Traversal::relays).orElse(List.of()).stream()
            .map(NodeId::toString)
            .toList(),
        node.traversal().flatMap(Traversal::turn).orElse(null));
  }

  static Result.PortMapping mapping(Node node, Mapping m) {
    var external = m.external();
    var known =
        node.addresses().stream().filter(each -> each.address().equals(external)).findFirst();
    return new Result.PortMapping(
        m.gateway().address().getHostAddress(),
        m.gateway().device(),
        m.state(),
        m.protocol(),
        external == null ? null : external.toString(),
        m.leaseLeft().toSeconds(),
        external != null && node.swarm().record().value().addresses().contains(external),
        known
            .map(AddressState::state)
            .orElse(AddressState.State.UNKNOWN)
            .name()
            .toLowerCase(Locale.ROOT),
        m.reason().isEmpty() ? known.map(AddressState::reason).orElse("") : m.reason());
  }

  private static long residentBytes() {
    try {
      for (var line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
    } catch (IOException e) {
      return 0; // no Linux
    }
    return 0;
  }

  Result list() {
    var ids = new LinkedHashSet<NodeId>();
    ids.add(node.swarm().self());
    for (var item : node.memory().list(Memory.Domain.PUBLIC, "node/", "", MOST_NODES)) {
      if (item.key().equals(NodeFacts.key(item.author()))) {
        ids.add(item.author());
      }
    }
    node.swarm().links().forEach(link -> ids.add(link.peer()));
    var facts = new ArrayList<Result.NodeFacts>();
    ids.forEach(id -> facts.add(facts(id)));
    facts.sort(Comparator.comparing(Result.NodeFacts::name));
    return new Result.Nodes(facts);
  }

  Result info(Request.NodeInfo request) {
    return facts(names.find(request.node()));
  }

  private Result.NodeFacts facts(NodeId id) {
    var facts =
        node.memory()
            .get(Memory.Domain.PUBLIC, NodeFacts.key(id))
            .flatMap(item -> NodeFacts.parse(item.value().utf8()))
            .orElse(null);
    boolean self = id.equals(node.swarm().self());
    boolean connected = node.swarm().link(id).isPresent();
    if (facts == null) {
      var record =
          node.swarm().book().find(id).map(e -> e.record()).map(r -> r.value()).orElse(null);
      return new Result.NodeFacts(
          id.toString(),
          Did.of(id).toString(),
          names.of(id),
          self,
          connected,
          record == null ? Map.of() : record.labels(),
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          List.of(),
          record == null ? List.of() : record.addresses().stream().map(Address::toString).toList(),
          null,
          true);
    }
    return new Result.NodeFacts(
        id.toString(),
        Did.of(id).toString(),
        facts.name(),
        self,
        connected,
        facts.labels(),
        facts.version(),
        facts.cpus(),
        facts.load(),
        facts.memoryTotal(),
        facts.memoryFree(),
        facts.diskTotal(),
        facts.diskFree(),
        facts.apps(),
        facts.addresses(),
        facts.at(),
        Duration.between(facts.at(), Instant.now()).compareTo(STALE) > 0);
  }

  Result label(Request.NodeLabel request) {
    var id = names.find(request.node());
    if (!id.equals(node.swarm().self())) {
      throw new Fault(
          ApiCode.NOT_THIS_NODE,
          "labels belong to the configuration of their node: run this on " + names.of(id));
    }
    var labels = new TreeMap<>(node.labels());
    if (request.unset() != null) {
      request.unset().forEach(labels::remove);
    }
    if (request.set() != null) {
      labels.putAll(request.set());
    }
    node.relabel(labels);
    return facts(id);
  }
}
