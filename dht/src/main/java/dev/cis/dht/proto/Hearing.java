package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Now;
import dev.cis.transport.Address;
import dev.cis.transport.PeerRecord;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Whom this node has heard, who goes into the table, and whom it knows from hearsay only, which
 * counts for nothing but as somebody to ask.
 */
final class Hearing {
  private static final int MAX_HEARSAY = 256;

  private final NodeId self;
  private final KademliaConfig config;
  private final RoutingTable table;
  private final Requests requests;
  private final Upkeep upkeep;
  private final LinkedHashMap<NodeId, Signed<PeerRecord>> hearsay = new LinkedHashMap<>();

  Hearing(
      NodeId self, KademliaConfig config, RoutingTable table, Requests requests, Upkeep upkeep) {
    this.self = self;
    this.config = config;
    this.table = table;
    this.requests = requests;
    this.upkeep = upkeep;
  }

  /** Whether there is nobody at all to ask. */
  boolean isAlone() {
    return table.size() == 0 && hearsay.isEmpty() && table.isEmpty();
  }

  /** A node is connected. */
  void seen(Now now, DhtInput.PeerSeen seen, Consumer<DhtOutput> out) {
    var node = seen.record().value().node();
    if (config.lanOnly() && seen.remote() != null && !seen.remote().isPrivate()) {
      table.remove(node);
      return;
    }
    if (!isUsable(now, seen.record())) {
      if (!node.equals(self) && !serves(seen.record().value())) {
        table.remove(node);
      }
      return;
    }
    heard(now, seen.record(), seen.remote(), out);
  }

  /** A node answered or asked; {@code record} is the one to take if we know none. */
  void heard(
      Now now, Signed<PeerRecord> record, @Nullable Address remote, Consumer<DhtOutput> out) {
    var node = record.value().node();
    hearsay.remove(node);
    switch (table.heard(now.uptime(), record, remote)) {
      case ADDED -> {
        out.accept(new DhtOutput.Discovered(record));
        upkeep.newNode(now.uptime(), requests.isAsking(node));
      }
      case REVIVED -> {
        // A partition may have healed: look for the others soon.
        table.probeSoon(now.uptime());
        upkeep.back(now.uptime());
      }
      case WAITING ->
          table
              .questionable(now.uptime(), node)
              .ifPresent(oldest -> requests.probe(now, oldest, out));
      case KNOWN, REFUSED -> {}
    }
  }

  /** Others say that these nodes exist. */
  void heardOf(Now now, List<Signed<PeerRecord>> records) {
    boolean wasAlone = isAlone();
    for (var record : records) {
      if (isUsable(now, record) && !table.described(record)) {
        hearsay.put(record.value().node(), record);
        if (hearsay.size() > MAX_HEARSAY) {
          hearsay.pollFirstEntry();
        }
      }
    }
    if (wasAlone && !hearsay.isEmpty()) {
      upkeep.wantSelfLookup(now.uptime());
    }
  }

  /** A node did not answer. */
  void failed(Now now, NodeId node) {
    hearsay.remove(node);
    table.failed(now.uptime(), node);
  }

  /** With whom a lookup begins: the table, hearsay while that is small, at worst those gone. */
  List<Signed<PeerRecord>> seeds(NodeId target) {
    var seeds = new ArrayList<>(table.closest(target, config.k()));
    if (seeds.size() < config.k()) {
      hearsay.values().stream()
          .sorted((a, b) -> Distance.compare(target, a.value().node(), b.value().node()))
          .limit(config.k())
          .forEach(seeds::add);
    }
    if (seeds.isEmpty()) {
      seeds.addAll(table.gone(target, config.k()));
    }
    return seeds;
  }

  /** Whom a lookup may ask beside the seeds. */
  List<Signed<PeerRecord>> further(NodeId target) {
    return table.closest(target, 3 * config.k());
  }

  /** Whether the record describes another node that serves the DHT now, where we may go. */
  boolean isUsable(Now now, Signed<PeerRecord> signed) {
    var record = signed.value();
    return !record.node().equals(self)
        && serves(record)
        && record.isCurrent(now.wall())
        && !record.addresses().isEmpty()
        && (!config.lanOnly() || record.addresses().stream().anyMatch(Address::isPrivate));
  }

  private static boolean serves(PeerRecord record) {
    for (var protocol : record.protocols()) {
      if (DhtMessage.PROTOCOL.serves(protocol)) {
        return true;
      }
    }
    return false;
  }
}
