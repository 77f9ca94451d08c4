package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import dev.cis.transport.Address;
import dev.cis.transport.PeerRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The DHT of one node: table, lookups, answers to others, upkeep. */
public final class DhtMachine implements Machine<DhtInput, DhtOutput> {
  /**
   * What it did so far.
   *
   * @param requests requests sent
   * @param answered requests that were answered well
   * @param failed requests that were not, in time or at all
   * @param served requests of others answered
   * @param rejectedRecords records that lied, had run out, or described no node that serves
   * @param badAnswers answers nobody asked for, or of the wrong kind
   */
  public record Stats(
      long requests,
      long answered,
      long failed,
      long served,
      long rejectedRecords,
      long badAnswers) {}

  private static final int MAX_HEARSAY = 256;
  private static final int PROBES_AT_ONCE = 3;

  private final NodeId self;
  private final KademliaConfig config;
  private final RoutingTable table;
  private final Requests requests;
  private final Upkeep upkeep;
  private final Map<Long, Lookup> lookups = new HashMap<>();
  private final LinkedHashMap<NodeId, Signed<PeerRecord>> hearsay = new LinkedHashMap<>();
  private final Set<Long> bootstraps = new LinkedHashSet<>();
  private long ownLookups;
  private long sent;
  private long answered;
  private long failed;
  private long served;
  private long rejectedRecords;
  private long badAnswers;

  /** The machine of this node, with an empty table. */
  public DhtMachine(NodeId self, KademliaConfig config, RandomGenerator random) {
    this.self = self;
    this.config = config;
    this.table = new RoutingTable(self, config);
    this.requests = new Requests(config);
    this.upkeep = new Upkeep(self, config, random, table);
  }

  /** The routing table, to look at. */
  public RoutingTable table() {
    return table;
  }

  /** What it did so far. */
  public Stats stats() {
    return new Stats(sent, answered, failed, served, rejectedRecords, badAnswers);
  }

  @Override
  public void on(Now now, DhtInput input, Consumer<DhtOutput> out) {
    switch (input) {
      case DhtInput.PeerSeen seen -> seen(now, seen, out);
      case DhtInput.PeersHeardOf(var records) -> heardOf(now, records);
      case DhtInput.PeerFailed(var node) -> table.failed(now.uptime(), node);
      case DhtInput.Request request -> serve(now, request, out);
      case DhtInput.Response response -> answered(now, response, out);
      case DhtInput.RequestFailed(var to, var id) ->
          requests.take(id, to).ifPresent(request -> failed(now, request, out));
      case DhtInput.StartLookup start -> start(now, start, out);
      case DhtInput.Cancel(var id) -> {
        lookups.remove(id);
        bootstraps.remove(id);
      }
      case DhtInput.Bootstrap(var id) -> bootstrap(now, id, out);
    }
    work(now, out);
  }

  @Override
  public void tick(Now now, Consumer<DhtOutput> out) {
    for (var request : requests.expired(now.uptime())) {
      failed(now, request, out);
    }
    for (var request : requests.slow(now.uptime())) {
      if (request.lookup() != null && isRunning(request.lookup())) {
        request.lookup().slow();
        advance(now, request.lookup(), out);
      }
    }
    if (upkeep.isMaintenanceDue(now.uptime())) {
      for (var contact : table.toProbe(now.uptime(), now.wall(), PROBES_AT_ONCE)) {
        probe(now, contact, out);
      }
      upkeep.maintain(now.uptime());
    }
    work(now, out);
  }

  @Override
  public Duration wakeAt() {
    var timeout = requests.wakeAt();
    var chores = upkeep.wakeAt(isAlone());
    return timeout.compareTo(chores) < 0 ? timeout : chores;
  }

  private void seen(Now now, DhtInput.PeerSeen seen, Consumer<DhtOutput> out) {
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

  private void heard(
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
          table.questionable(now.uptime(), node).ifPresent(oldest -> probe(now, oldest, out));
      case KNOWN, REFUSED -> {}
    }
  }

  private void heardOf(Now now, List<Signed<PeerRecord>> records) {
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

  private void serve(Now now, DhtInput.Request request, Consumer<DhtOutput> out) {
    served++;
    table
        .find(request.from())
        .filter(record -> record.value().isCurrent(now.wall()))
        .ifPresent(record -> heard(now, record, null, out));
    DhtMessage.Response response =
        switch (request.message()) {
          case DhtMessage.Ping _ -> new DhtMessage.Pong();
          case DhtMessage.FindNode(var target) ->
              DhtMessage.Nodes.of(
                  table.closest(target, config.k() + 1).stream()
                      .filter(record -> !record.value().node().equals(request.from()))
                      .filter(record -> record.value().isCurrent(now.wall()))
                      .limit(config.k())
                      .toList());
        };
    out.accept(new DhtOutput.SendResponse(request.from(), response, request.correlation()));
  }

  private void answered(Now now, DhtInput.Response response, Consumer<DhtOutput> out) {
    var taken = requests.take(response.id(), response.from());
    if (taken.isEmpty()) {
      badAnswers++;
      return;
    }
    var request = taken.get();
    switch (response.message()) {
      case DhtMessage.Nodes(var records, int rejected) when request.lookup() != null -> {
        answered++;
        rejectedRecords += rejected;
        heard(now, table.find(request.node()).orElse(request.to()), null, out);
        learned(now, request.lookup(), request.node(), records, out);
      }
      case DhtMessage.Pong _ when request.lookup() == null -> {
        answered++;
        heard(now, table.find(request.node()).orElse(request.to()), null, out);
      }
      case DhtMessage.Nodes _, DhtMessage.Pong _ -> {
        badAnswers++;
        failed(now, request, out);
      }
    }
  }

  private void learned(
      Now now,
      Lookup lookup,
      NodeId from,
      List<Signed<PeerRecord>> records,
      Consumer<DhtOutput> out) {
    for (var record : records.subList(0, Math.min(records.size(), DhtMessage.MAX_RECORDS))) {
      if (!isUsable(now, record)) {
        if (!record.value().node().equals(self)) {
          rejectedRecords++;
        }
        continue;
      }
      table.described(record);
      if (isRunning(lookup)) {
        lookup.offer(record);
      }
    }
    if (isRunning(lookup)) {
      lookup.answered(from);
      advance(now, lookup, out);
    }
  }

  private void failed(Now now, Requests.Pending request, Consumer<DhtOutput> out) {
    failed++;
    hearsay.remove(request.node());
    table.failed(now.uptime(), request.node());
    var lookup = request.lookup();
    if (lookup == null) {
      var contact = table.contact(request.node());
      if (contact != null && table.isLive(contact)) {
        probe(now, contact, out); // until it answers or counts as gone
      }
    } else if (isRunning(lookup)) {
      lookup.failed(request.node());
      advance(now, lookup, out);
    }
  }

  private void start(Now now, DhtInput.StartLookup start, Consumer<DhtOutput> out) {
    long running = lookups.keySet().stream().filter(id -> id >= 0).count();
    if (running >= config.lookups() || start.lookup() < 0) {
      out.accept(new DhtOutput.LookupRefused(start.lookup()));
      return;
    }
    var kind =
        switch (start.purpose()) {
          case FIND_PEER -> Lookup.Kind.FIND_PEER;
          case FIND_CLOSEST -> Lookup.Kind.FIND_CLOSEST;
        };
    run(now, new Lookup(start.lookup(), start.target(), kind, config), out);
  }

  private void bootstrap(Now now, long id, Consumer<DhtOutput> out) {
    if (bootstraps.size() >= config.lookups()) {
      out.accept(new DhtOutput.LookupRefused(id));
      return;
    }
    bootstraps.add(id);
    upkeep.bootstrap(now.uptime());
  }

  /** Starts the lookups that upkeep wants, and ends the bootstraps that wait for them. */
  private void work(Now now, Consumer<DhtOutput> out) {
    if (isAlone()) {
      return;
    }
    for (var chore = upkeep.next(now.uptime());
        chore.isPresent();
        chore = upkeep.next(now.uptime())) {
      run(now, new Lookup(--ownLookups, chore.get().target(), chore.get().kind(), config), out);
    }
    if (!bootstraps.isEmpty() && table.size() > 0 && upkeep.isBootstrapped()) {
      bootstraps.forEach(id -> out.accept(new DhtOutput.Bootstrapped(id, table.size())));
      bootstraps.clear();
    }
  }

  private void run(Now now, Lookup lookup, Consumer<DhtOutput> out) {
    lookups.put(lookup.id(), lookup);
    boolean forPeer = lookup.kind() == Lookup.Kind.FIND_PEER;
    var seeds = new ArrayList<>(table.closest(lookup.target(), config.k() + 1));
    if (seeds.size() < config.k()) {
      hearsay.values().stream()
          .sorted((a, b) -> Distance.compare(lookup.target(), a.value().node(), b.value().node()))
          .limit(config.k())
          .forEach(seeds::add);
    }
    if (seeds.isEmpty()) {
      seeds.addAll(table.gone(lookup.target(), config.k()));
    }
    for (var seed : seeds) {
      // What we know of the target ourselves may be old: others are asked for it.
      if (!forPeer || !seed.value().node().equals(lookup.target())) {
        lookup.offer(seed);
      }
    }
    advance(now, lookup, out);
  }

  private void advance(Now now, Lookup lookup, Consumer<DhtOutput> out) {
    var to = lookup.next();
    while (to.isPresent()) {
      send(now, to.get(), new DhtMessage.FindNode(lookup.target()), lookup, out);
      to = lookup.next();
    }
    if (lookup.isOver()) {
      over(now, lookup, out);
    }
  }

  private void over(Now now, Lookup lookup, Consumer<DhtOutput> out) {
    lookups.remove(lookup.id());
    switch (lookup.kind()) {
      case FIND_PEER, FIND_CLOSEST -> {
        Optional<Signed<PeerRecord>> found =
            lookup.kind() == Lookup.Kind.FIND_PEER
                ? lookup.found().or(() -> table.find(lookup.target()))
                : Optional.empty();
        out.accept(
            new DhtOutput.LookupDone(
                lookup.id(), lookup.target(), found, lookup.closest(), lookup.requests()));
      }
      case SELF -> upkeep.selfLookupDone(now.uptime());
      case REFRESH -> upkeep.refreshDone();
    }
    upkeep.lookedUp(now.uptime(), lookup.target());
  }

  private void probe(Now now, Contact contact, Consumer<DhtOutput> out) {
    contact.probing(now.uptime().plus(config.probeEvery()));
    send(now, contact.record(), new DhtMessage.Ping(), null, out);
  }

  private void send(
      Now now,
      Signed<PeerRecord> to,
      DhtMessage.Request message,
      @Nullable Lookup lookup,
      Consumer<DhtOutput> out) {
    sent++;
    out.accept(new DhtOutput.SendRequest(to, message, requests.add(to, lookup, now.uptime())));
  }

  private boolean isAlone() {
    return table.size() == 0 && hearsay.isEmpty() && table.isEmpty();
  }

  private boolean isRunning(Lookup lookup) {
    return lookups.get(lookup.id()) == lookup;
  }

  private boolean isUsable(Now now, Signed<PeerRecord> signed) {
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
