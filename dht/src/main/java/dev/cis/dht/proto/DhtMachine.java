package dev.cis.dht.proto;

import dev.cis.dht.proto.Requests.Reason.Keeping;
import dev.cis.dht.proto.Requests.Reason.Probe;
import dev.cis.dht.proto.Requests.Reason.Step;
import dev.cis.kernel.identity.KeyPair;
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
   * @param rejectedRecords records and items that lied, had run out, or described no node that
   *     serves
   * @param badAnswers answers nobody asked for, or of the wrong kind
   * @param kept records that are kept for others now
   * @param keptBytes their size
   * @param published values and keys provided that this node repeats
   * @param stored what became of the records that others wanted kept
   */
  public record Stats(
      long requests,
      long answered,
      long failed,
      long served,
      long rejectedRecords,
      long badAnswers,
      int kept,
      long keptBytes,
      int published,
      Map<DhtMessage.Outcome, Long> stored) {
    /** Copies the map. */
    public Stats {
      stored = Map.copyOf(stored);
    }
  }

  private static final int MAX_HEARSAY = 256;
  private static final int PROBES_AT_ONCE = 3;

  /** How much farther than the neighbours of this node those of a target may reach. */
  private static final double THIN = 2.5;

  private final NodeId self;
  private final KademliaConfig config;
  private final RoutingTable table;
  private final Requests requests;
  private final Upkeep upkeep;
  private final ItemStore store;
  private final Answering answering;
  private final Publisher publisher;
  private final Map<Long, Lookup> lookups = new HashMap<>();
  private final Set<Lookup> starved = new LinkedHashSet<>();
  private final Set<Storing> storings = new LinkedHashSet<>();
  private final LinkedHashMap<NodeId, Signed<PeerRecord>> hearsay = new LinkedHashMap<>();
  private final Set<Long> bootstraps = new LinkedHashSet<>();
  private long ownLookups;
  private long sent;
  private long answered;
  private long failed;
  private long rejectedRecords;
  private long badAnswers;

  /** The machine of the node with this key, which knows nobody yet. */
  public DhtMachine(
      KeyPair key, KademliaConfig config, RecordsConfig records, RandomGenerator random) {
    this.self = key.nodeId();
    this.config = config;
    this.table = new RoutingTable(self, config);
    this.requests = new Requests(config);
    this.upkeep = new Upkeep(self, config, random, table);
    this.store = new ItemStore(self, records);
    this.answering = new Answering(config, records, table, store, random);
    this.publisher = new Publisher(key, config, records, random);
  }

  /** The routing table, to look at. */
  public RoutingTable table() {
    return table;
  }

  /** What is kept for others, to be restored after a restart. */
  public List<Kept> kept() {
    return store.all();
  }

  /** What this node publishes, to be restored after a restart. */
  public List<Publication> publications() {
    return publisher.publications();
  }

  /** Says no more that this node provides a key; false if it did not. */
  public boolean withdraw(NodeId key) {
    return publisher.withdraw(new Publication.Provided(key));
  }

  /** Publishes the value at a key no more; false if it did not. */
  public boolean forget(NodeId key) {
    return publisher.forget(key);
  }

  /** What it did so far. */
  public Stats stats() {
    return new Stats(
        sent,
        answered,
        failed,
        answering.served(),
        rejectedRecords,
        badAnswers,
        store.size(),
        store.bytes(),
        publisher.publications().size(),
        answering.outcomes());
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
      case DhtInput.Own(var record) -> publisher.own(now, record);
      case DhtInput.Restored(var kept, var published) -> {
        store.restore(now.wall(), kept);
        publisher.restore(now, published);
      }
      case DhtInput.Publish publish -> publish(now, publish, out);
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
      if (request.reason() instanceof Step(var lookup) && isRunning(lookup)) {
        lookup.slow(request.node());
        advance(now, lookup, out);
      }
    }
    if (upkeep.isMaintenanceDue(now.uptime())) {
      for (var contact : table.toProbe(now.uptime(), now.wall(), PROBES_AT_ONCE)) {
        probe(now, contact, out);
      }
      upkeep.maintain(now.uptime());
      store.expire(now.wall());
    }
    work(now, out);
  }

  @Override
  public Duration wakeAt() {
    var timeout = requests.wakeAt();
    var chores = upkeep.wakeAt(isAlone());
    var next = timeout.compareTo(chores) < 0 ? timeout : chores;
    var publishing = table.size() == 0 ? NEVER : publisher.wakeAt();
    return next.compareTo(publishing) < 0 ? next : publishing;
  }

  private void publish(Now now, DhtInput.Publish publish, Consumer<DhtOutput> out) {
    boolean taken =
        publisher.publish(now, publish.task(), publish.publication(), publish.expected());
    if (!taken) {
      out.accept(new DhtOutput.LookupRefused(publish.task()));
    } else if (isAlone()) {
      out.accept(new DhtOutput.Published(publish.task(), publish.publication().key(), 0, 0));
    }
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
    table
        .find(request.from())
        .filter(record -> record.value().isCurrent(now.wall()))
        .ifPresent(record -> heard(now, record, null, out));
    var response = answering.answer(now, request);
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
      case DhtMessage.Nodes nodes when request.reason() instanceof Step(var lookup) -> {
        well(now, request, out);
        rejectedRecords += nodes.rejected();
        learned(now, lookup, request.node(), nodes, out);
      }
      case DhtMessage.Pong _ when request.reason() instanceof Probe -> well(now, request, out);
      case DhtMessage.Stored(var outcomes)
          when request.reason() instanceof Keeping(var storing) -> {
        well(now, request, out);
        storing.answered(request.id(), outcomes);
        send(now, storing, out);
      }
      case DhtMessage.Nodes _, DhtMessage.Pong _, DhtMessage.Stored _ -> {
        badAnswers++;
        failed(now, request, out);
      }
    }
  }

  private void well(Now now, Requests.Pending request, Consumer<DhtOutput> out) {
    answered++;
    requests.answered(request, now.uptime());
    heard(now, table.find(request.node()).orElse(request.to()), null, out);
  }

  private void learned(
      Now now, Lookup lookup, NodeId from, DhtMessage.Nodes nodes, Consumer<DhtOutput> out) {
    var usable = new ArrayList<Signed<PeerRecord>>();
    for (var record : nodes.records()) {
      if (isUsable(now, record)) {
        table.described(record);
        usable.add(record);
      } else if (!record.value().node().equals(self)) {
        rejectedRecords++;
      }
    }
    if (isRunning(lookup)) {
      lookup.answered(from, usable, wanted(now, lookup, nodes.items()), nodes.token());
      advance(now, lookup, out);
    }
  }

  /** The items of an answer that belong to what was asked and still count. */
  private List<Item> wanted(Now now, Lookup lookup, List<Item> items) {
    var wanted = new ArrayList<Item>();
    for (var item : items) {
      boolean current =
          switch (item) {
            case Item.Peer(var record) -> record.value().isCurrent(now.wall());
            case Item.Provider(var provision, var peer) ->
                now.wall().isBefore(provision.value().expiry())
                    && peer.value().isCurrent(now.wall());
            case Item.Mutable _, Item.Immutable _ -> true;
          };
      if (current && item.key().equals(lookup.target())) {
        wanted.add(item);
      } else {
        rejectedRecords++;
      }
    }
    return wanted;
  }

  private void failed(Now now, Requests.Pending request, Consumer<DhtOutput> out) {
    failed++;
    hearsay.remove(request.node());
    table.failed(now.uptime(), request.node());
    switch (request.reason()) {
      case Probe _ -> {
        var contact = table.contact(request.node());
        if (contact != null && table.isLive(contact)) {
          probe(now, contact, out); // until it answers or counts as gone
        }
      }
      case Step(var lookup) -> {
        if (isRunning(lookup)) {
          lookup.failed(request.node());
          advance(now, lookup, out);
        }
      }
      case Keeping(var storing) -> {
        storing.failed(request.id());
        send(now, storing, out);
      }
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
          case FIND_VALUE -> Lookup.Kind.VALUE;
          case FIND_PROVIDERS -> Lookup.Kind.PROVIDERS;
        };
    var lookup = lookup(start.lookup(), start.target(), kind);
    var known = new ArrayList<>(store.find(now.wall(), start.target(), lookup.question().what()));
    var own = publisher.value(start.target());
    if (own != null) {
      known.add(own);
    }
    boolean _ = lookup.findings().take(List.of(), known);
    run(now, lookup, out);
  }

  private Lookup lookup(long id, NodeId target, Lookup.Kind kind) {
    return new Lookup(id, target, kind, config, Math.min(1, THIN * table.reach()));
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
      run(now, lookup(--ownLookups, chore.get().target(), chore.get().kind()), out);
    }
    while (table.size() > 0) {
      var place = publisher.next(now.uptime(), ownLookups - 1);
      if (place == null) {
        break;
      }
      run(now, lookup(--ownLookups, place, Lookup.Kind.STORE), out);
    }
    while (!starved.isEmpty() && requests.hasRoom()) {
      var lookup = starved.iterator().next();
      starved.remove(lookup);
      if (isRunning(lookup)) {
        advance(now, lookup, out);
      }
    }
    for (var storing : List.copyOf(storings)) {
      send(now, storing, out);
    }
    if (!bootstraps.isEmpty() && table.size() > 0 && upkeep.isBootstrapped()) {
      bootstraps.forEach(id -> out.accept(new DhtOutput.Bootstrapped(id, table.size())));
      bootstraps.clear();
    }
  }

  private void run(Now now, Lookup lookup, Consumer<DhtOutput> out) {
    lookups.put(lookup.id(), lookup);
    boolean forPeer = lookup.kind() == Lookup.Kind.FIND_PEER;
    var seeds = new ArrayList<>(table.closest(lookup.target(), 3 * config.k()));
    if (seeds.size() < config.k()) {
      hearsay.values().stream()
          .sorted((a, b) -> Distance.compare(lookup.target(), a.value().node(), b.value().node()))
          .limit(config.k())
          .forEach(seeds::add);
    }
    if (seeds.isEmpty()) {
      seeds.addAll(table.gone(lookup.target(), config.k()));
    }
    // What we know of the target ourselves may be old: others are asked for it.
    seeds.removeIf(seed -> forPeer && seed.value().node().equals(lookup.target()));
    lookup.begin(seeds);
    advance(now, lookup, out);
  }

  private void advance(Now now, Lookup lookup, Consumer<DhtOutput> out) {
    boolean goesOn = true;
    while (goesOn) {
      if (!requests.hasRoom()) {
        starved.add(lookup);
        return;
      }
      var to = lookup.next();
      if (to != null) {
        long _ = send(now, to, lookup.question(), new Step(lookup), out);
      } else if (lookup.isOver()) {
        over(now, lookup, out);
        return;
      } else {
        // A further path may have been taken just now.
        to = lookup.next();
        goesOn = to != null;
        if (to != null) {
          long _ = send(now, to, lookup.question(), new Step(lookup), out);
        }
      }
    }
  }

  private void over(Now now, Lookup lookup, Consumer<DhtOutput> out) {
    lookups.remove(lookup.id());
    starved.remove(lookup);
    switch (lookup.kind()) {
      case FIND_PEER, FIND_CLOSEST, VALUE, PROVIDERS -> out.accept(result(lookup));
      case SELF -> upkeep.selfLookupDone(now.uptime());
      case REFRESH -> upkeep.refreshDone();
      case STORE -> {
        var storing = publisher.found(now, lookup, out);
        if (storing != null) {
          storings.add(storing);
          send(now, storing, out);
        }
      }
    }
    upkeep.lookedUp(now.uptime(), lookup.target());
  }

  private DhtOutput.LookupDone result(Lookup lookup) {
    var findings = lookup.findings();
    var found = Optional.ofNullable(findings.peer());
    if (lookup.kind() == Lookup.Kind.FIND_PEER) {
      found = found.or(() -> table.find(lookup.target()));
    }
    var items = new ArrayList<Item>();
    if (lookup.kind() == Lookup.Kind.PROVIDERS) {
      findings.providers().stream().filter(one -> !one.node().equals(self)).forEach(items::add);
    } else if (findings.value() != null) {
      items.add(findings.value());
    }
    var closest = lookup.closest().stream().map(Lookup.Answerer::record).toList();
    return new DhtOutput.LookupDone(
        lookup.id(), lookup.target(), found, items, closest, lookup.requests(), lookup.hops());
  }

  private void send(Now now, Storing storing, Consumer<DhtOutput> out) {
    while (requests.hasRoom()) {
      var parcel = storing.next();
      if (parcel == null) {
        break;
      }
      var message = new DhtMessage.Store(parcel.token(), parcel.entries());
      storing.sent(send(now, parcel.to(), message, new Keeping(storing), out), parcel);
    }
    if (storing.isOver() && storings.remove(storing)) {
      publisher.stored(now, storing, out);
    }
  }

  private void probe(Now now, Contact contact, Consumer<DhtOutput> out) {
    contact.probing(now.uptime().plus(config.probeEvery()));
    long _ = send(now, contact.record(), new DhtMessage.Ping(), new Probe(), out);
  }

  private long send(
      Now now,
      Signed<PeerRecord> to,
      DhtMessage.Request message,
      Requests.Reason reason,
      Consumer<DhtOutput> out) {
    sent++;
    long id = requests.add(to, reason, now.uptime());
    out.accept(new DhtOutput.SendRequest(to, message, id));
    return id;
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
