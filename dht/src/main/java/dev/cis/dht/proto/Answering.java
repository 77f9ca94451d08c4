package dev.cis.dht.proto;

import dev.cis.dht.proto.DhtMessage.Outcome;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.PeerRecord;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Map;
import java.util.random.RandomGenerator;

/** What others ask of this node: whom it knows, what it keeps, and to keep something. */
final class Answering {
  private final KademliaConfig config;
  private final RoutingTable table;
  private final ItemStore store;
  private final Tokens tokens;
  private final Map<Outcome, Long> outcomes = new EnumMap<>(Outcome.class);
  private long served;

  Answering(
      KademliaConfig config,
      RecordsConfig records,
      RoutingTable table,
      ItemStore store,
      RandomGenerator random) {
    this.config = config;
    this.table = table;
    this.store = store;
    this.tokens = new Tokens(random, records.tokenLifetime());
  }

  long served() {
    return served;
  }

  /** What became of the items that others wanted kept. */
  Map<Outcome, Long> outcomes() {
    return outcomes;
  }

  DhtMessage.Response answer(Now now, DhtInput.Request request) {
    served++;
    return switch (request.message()) {
      case DhtMessage.Ping _ -> new DhtMessage.Pong();
      case DhtMessage.Find find -> find(now, request, find);
      case DhtMessage.Store store -> store(now, request, store);
    };
  }

  private DhtMessage.Nodes find(Now now, DhtInput.Request request, DhtMessage.Find find) {
    var records = new ArrayList<Signed<PeerRecord>>(config.k());
    for (var record : table.closest(find.target(), config.k() + 1)) {
      if (records.size() < config.k()
          && record.value().isCurrent(now.wall())
          && !record.value().node().equals(request.from())) {
        records.add(record);
      }
    }
    var items = store.find(now.wall(), find.target(), find.what());
    var token =
        find.token() ? tokens.issue(now.uptime(), request.from(), host(request)) : Bytes.EMPTY;
    return DhtMessage.Nodes.of(records, items, token);
  }

  private DhtMessage.Stored store(Now now, DhtInput.Request request, DhtMessage.Store message) {
    var from = request.from();
    boolean entitled = tokens.accepts(now.uptime(), message.token(), from, host(request));
    var results = new ArrayList<Outcome>();
    for (var entry : message.entries()) {
      var outcome = Outcome.BAD_RECORD;
      if (!entitled) {
        outcome = Outcome.BAD_TOKEN;
      } else if (entry.item() != null) {
        outcome = store.put(now.wall(), entry.item(), source(from, request), entry.expected());
      }
      outcomes.merge(outcome, 1L, Long::sum);
      results.add(outcome);
    }
    return new DhtMessage.Stored(results);
  }

  private static String host(DhtInput.Request request) {
    return request.remote() == null ? "" : request.remote().host();
  }

  /** Whose share it takes: that of a public subnet, for nodes there cost their owner nothing. */
  private static String source(NodeId from, DhtInput.Request request) {
    var remote = request.remote();
    return remote == null || remote.isPrivate() ? from.toString() : remote.subnet();
  }
}
