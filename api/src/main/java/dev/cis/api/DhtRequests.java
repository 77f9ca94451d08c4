package dev.cis.api;

import dev.cis.dht.Rendezvous;
import dev.cis.dht.Routing;
import dev.cis.dht.proto.DhtMessage;
import dev.cis.dht.proto.Seat;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.Did;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import dev.cis.kernel.wire.Bytes;
import dev.cis.node.Node;
import dev.cis.transport.Address;
import dev.cis.transport.PeerLink;
import dev.cis.transport.PeerRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Requests about what is in the DHT. */
final class DhtRequests {
  private static final Duration LOOKUP = Duration.ofSeconds(20);
  private static final int MOST_PROVIDERS = 100;

  private final Node node;
  private final NodeNames names;
  private final Map<NodeId, Thread> withdrawals = new ConcurrentHashMap<>();

  DhtRequests(Node node, NodeNames names) {
    this.node = node;
    this.names = names;
  }

  private Routing routing() {
    return node.routing()
        .orElseThrow(() -> new Fault(ApiCode.NO_DHT, "the DHT is off on this node"));
  }

  Result find(Request.Find request) {
    var routing = routing();
    var id = names.find(request.node());
    return located(
        routing
            .findPeer(id, LOOKUP)
            .orElseThrow(() -> new Fault(ApiCode.NO_SUCH_NODE, "the DHT knows nothing of " + id))
            .value());
  }

  private static Result.Located located(PeerRecord record) {
    return new Result.Located(
        record.node().toString(),
        record.name(),
        record.addresses().stream().map(Address::toString).toList(),
        record.labels(),
        record.expiry());
  }

  Result findProviders(Request.FindProviders request) {
    var routing = routing();
    var namespace = request.namespace();
    if (Did.isDid(namespace)) {
      throw new Fault(ApiCode.NO_PROVIDER, "'" + namespace + "' is a node, not a namespace");
    }
    var places = places(namespace);
    var found = new ArrayList<Result.Located>();
    var seen = new HashSet<NodeId>();
    for (var place : places) {
      for (var record : routing.findProviders(place, MOST_PROVIDERS, LOOKUP)) {
        if (seen.add(record.value().node())) {
          found.add(located(record.value()));
        }
      }
    }
    if (found.isEmpty()) {
      throw new Fault(
          ApiCode.NO_PROVIDER,
          "nobody else provides the namespace '"
              + namespace
              + "' in this realm; to find a node, give its whole NodeId");
    }
    return new Result.Providers(namespace, places.getFirst().toString(), found);
  }

  /** Where members meet by this name, at the realm's newest key first. */
  private List<NodeId> places(String namespace) {
    var places =
        node.realms().meetingKeys().stream().map(k -> Rendezvous.place(k, namespace)).toList();
    if (places.isEmpty()) {
      throw new Fault(ApiCode.NO_PROVIDER, "this node is in no realm in which to meet others");
    }
    return places;
  }

  Result get(Request.DhtGet request) {
    var key = NodeId.parse(request.key().strip());
    var value =
        routing()
            .get(key, LOOKUP)
            .orElseThrow(() -> new Fault(ApiCode.NO_SUCH_VALUE, "no value was found under " + key));
    var text = Payload.text(value.value());
    var author = value.author() == null ? null : value.author().nodeId();
    return new Result.DhtValue(
        key.toString(),
        text,
        text == null ? Payload.base64(value.value()) : null,
        author == null ? null : author.toString(),
        author == null ? null : names.of(author),
        author == null ? null : Payload.text(value.salt()),
        author == null ? null : (Long) value.sequence());
  }

  Result put(Request.DhtPut request) {
    var value = value(request);
    return request.mutable() ? putMutable(request, value) : putImmutable(value);
  }

  private static Bytes value(Request.DhtPut request) {
    if (!request.base64()) {
      return Bytes.utf8(request.value());
    }
    try {
      return Bytes.of(Base64.getDecoder().decode(request.value()));
    } catch (IllegalArgumentException e) {
      throw new Fault(ApiCode.MALFORMED, "'value' is not base64: " + e.getMessage(), e);
    }
  }

  private Result putImmutable(Bytes value) {
    return stored(routing().put(value, LOOKUP), null);
  }

  private Result putMutable(Request.DhtPut request, Bytes value) {
    var routing = routing();
    var salt = Bytes.utf8(request.salt() == null ? "" : request.salt());
    var author = node.key();
    var key = Routing.key(author.publicKey(), salt);
    Long expected = request.expected();
    if (expected == null && request.sequence() == null) {
      expected = routing.get(key, LOOKUP).map(Routing.Value::sequence).orElse(null);
    }
    long sequence =
        request.sequence() != null ? request.sequence() : expected == null ? 1 : expected + 1;
    var put =
        routing.put(
            author,
            salt,
            sequence,
            value,
            expected == null ? OptionalLong.empty() : OptionalLong.of(expected),
            LOOKUP);
    return stored(put, sequence);
  }

  private static Result stored(Routing.Put put, @Nullable Long sequence) {
    if (put.nodes() == 0) {
      throw new Fault(
          ApiCode.NOT_STORED,
          "no node keeps " + put.key() + " yet; this node goes on trying while it runs");
    }
    return new Result.DhtStored(put.key().toString(), put.nodes(), sequence);
  }

  Result provide(Request.DhtProvide request) {
    var routing = routing();
    var place = places(request.namespace()).getFirst();
    int nodes = routing.provide(place, LOOKUP);
    Instant until = null;
    var earlier = withdrawals.remove(place);
    if (earlier != null) {
      earlier.interrupt();
    }
    if (request.seconds() > 0) {
      var wait = Duration.ofSeconds(request.seconds());
      until = Uptime.CLOCK.get().wall().plus(wait);
      withdrawals.put(
          place, Thread.ofVirtual().name("dht-withdraw").start(() -> withdrawAfter(wait, place)));
    }
    return new Result.DhtProvided(request.namespace(), place.toString(), nodes, until);
  }

  private void withdrawAfter(Duration wait, NodeId place) {
    try {
      Thread.sleep(wait);
      withdrawals.remove(place);
      boolean _ = routing().withdraw(place);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // provided anew, or withdrawn by hand
    }
  }

  Result withdraw(Request.DhtWithdraw request) {
    var routing = routing();
    boolean any = false;
    for (var place : places(request.namespace())) {
      var waiting = withdrawals.remove(place);
      if (waiting != null) {
        waiting.interrupt();
      }
      any |= routing.withdraw(place);
    }
    if (!any) {
      throw new Fault(
          ApiCode.NO_PROVIDER, "this node does not provide '" + request.namespace() + "'");
    }
    return new Result.Done(
        "withdrawn: '" + request.namespace() + "' is forgotten by others within a day");
  }

  Result table() {
    var routing = routing();
    var stats = routing.stats();
    var contacts = routing.table().stream().map(this::contact).toList();
    return new Result.DhtTable(
        word(routing.mode()),
        (int) contacts.stream().filter(Result.DhtContact::live).count(),
        routing.waiting(),
        contacts,
        stats.kept(),
        stats.keptBytes(),
        stats.published(),
        stats.requests(),
        stats.answered(),
        stats.failed(),
        stats.served(),
        routing.malformed(),
        stats.badAnswers(),
        stats.rejectedRecords(),
        stores(stats.stored()));
  }

  private Result.DhtContact contact(Seat seat) {
    var record = seat.record().value();
    var rtt = node.swarm().link(record.node()).map(PeerLink::rtt).orElse(null);
    return new Result.DhtContact(
        record.node().toString(),
        record.name(),
        seat.bucket(),
        seat.live(),
        rtt == null ? null : (Double) (rtt.toNanos() / 1e6),
        seat.known().toSeconds(),
        seat.silent().toSeconds(),
        seat.failures(),
        record.addresses().stream().map(Address::toString).toList());
  }

  private static Map<String, Long> stores(Map<DhtMessage.Outcome, Long> outcomes) {
    var all = new TreeMap<String, Long>();
    for (var outcome : DhtMessage.Outcome.values()) {
      all.put(word(outcome), outcomes.getOrDefault(outcome, 0L));
    }
    return all;
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
