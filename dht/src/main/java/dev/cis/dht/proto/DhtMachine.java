package dev.cis.dht.proto;

import dev.cis.dht.proto.Requests.Reason.Keeping;
import dev.cis.dht.proto.Requests.Reason.Probe;
import dev.cis.dht.proto.Requests.Reason.Step;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import dev.cis.transport.Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
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

  private static final int PROBES_AT_ONCE = 3;

  private final KademliaConfig config;
  private final RoutingTable table;
  private final Requests requests;
  private final Upkeep upkeep;
  private final Hearing hearing;
  private final Searching searching;
  private final ItemStore store;
  private final Answering answering;
  private final Publisher publisher;
  private final Set<Storing> storings = new LinkedHashSet<>();
  private final Set<Long> bootstraps = new LinkedHashSet<>();
  private long answered;
  private long failed;
  private long badAnswers;

  /** The machine of the node with this key, which knows nobody yet. */
  public DhtMachine(
      KeyPair key, KademliaConfig config, RecordsConfig records, RandomGenerator random) {
    var self = key.nodeId();
    this.config = config;
    this.table = new RoutingTable(self, config);
    this.requests = new Requests(config);
    this.upkeep = new Upkeep(self, config, random, table);
    this.hearing = new Hearing(self, config, table, requests, upkeep);
    this.store = new ItemStore(self, records);
    this.answering = new Answering(config, records, table, store, random);
    this.publisher = new Publisher(key, config, records, random);
    this.searching = new Searching(self, config, table, hearing, requests, this::over);
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
        requests.sent(),
        answered,
        failed,
        answering.served(),
        searching.rejectedRecords(),
        badAnswers,
        store.size(),
        store.bytes(),
        publisher.publications().size(),
        answering.outcomes());
  }

  @Override
  public void on(Now now, DhtInput input, Consumer<DhtOutput> out) {
    switch (input) {
      case DhtInput.PeerSeen seen -> hearing.seen(now, seen, out);
      case DhtInput.PeersHeardOf(var records) -> hearing.heardOf(now, records);
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
        searching.cancel(id);
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
      if (request.reason() instanceof Step(var lookup)) {
        searching.slow(now, lookup, request.node(), out);
      }
    }
    if (upkeep.isMaintenanceDue(now.uptime())) {
      for (var contact : table.toProbe(now.uptime(), now.wall(), PROBES_AT_ONCE)) {
        requests.probe(now, contact, out);
      }
      upkeep.maintain(now.uptime());
      store.expire(now.wall());
    }
    work(now, out);
  }

  @Override
  public Duration wakeAt() {
    var timeout = requests.wakeAt();
    var chores = upkeep.wakeAt(hearing.isAlone());
    var next = timeout.compareTo(chores) < 0 ? timeout : chores;
    var publishing = table.size() == 0 ? NEVER : publisher.wakeAt();
    return next.compareTo(publishing) < 0 ? next : publishing;
  }

  private void publish(Now now, DhtInput.Publish publish, Consumer<DhtOutput> out) {
    boolean taken =
        publisher.publish(now, publish.task(), publish.publication(), publish.expected());
    if (!taken) {
      out.accept(new DhtOutput.LookupRefused(publish.task()));
    } else if (hearing.isAlone()) {
      out.accept(new DhtOutput.Published(publish.task(), publish.publication().key(), 0, 0));
    }
  }

  private void start(Now now, DhtInput.StartLookup start, Consumer<DhtOutput> out) {
    if (!searching.hasRoomFor(start.lookup())) {
      out.accept(new DhtOutput.LookupRefused(start.lookup()));
      return;
    }
    var what =
        switch (start.purpose()) {
          case FIND_PEER, FIND_CLOSEST -> DhtMessage.What.NODES;
          case FIND_VALUE -> DhtMessage.What.VALUE;
          case FIND_PROVIDERS -> DhtMessage.What.PROVIDERS;
        };
    var known = new ArrayList<>(store.find(now.wall(), start.target(), what));
    var own = publisher.value(start.target());
    if (own != null) {
      known.add(own);
    }
    searching.start(now, start, known, out);
  }

  private void serve(Now now, DhtInput.Request request, Consumer<DhtOutput> out) {
    var contact = table.contact(request.from());
    if (contact != null && contact.record().value().isCurrent(now.wall())) {
      hearing.heard(now, contact.record(), null, out);
    }
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
        well(now, request, response.remote(), out);
        searching.answered(now, lookup, request.node(), nodes, out);
      }
      case DhtMessage.Pong _ when request.reason() instanceof Probe ->
          well(now, request, response.remote(), out);
      case DhtMessage.Stored(var outcomes)
          when request.reason() instanceof Keeping(var storing) -> {
        well(now, request, response.remote(), out);
        storing.answered(request.id(), outcomes);
        send(now, storing, out);
      }
      case DhtMessage.Nodes _, DhtMessage.Pong _, DhtMessage.Stored _ -> {
        badAnswers++;
        failed(now, request, out);
      }
    }
  }

  private void well(
      Now now, Requests.Pending request, @Nullable Address remote, Consumer<DhtOutput> out) {
    answered++;
    upkeep.asked(true);
    requests.answered(request, now.uptime());
    var contact = table.contact(request.node());
    if (contact != null) {
      hearing.heard(now, contact.record(), remote, out);
    } else if (remote != null) {
      hearing.heard(now, request.to(), remote, out);
    }
  }

  private void failed(Now now, Requests.Pending request, Consumer<DhtOutput> out) {
    failed++;
    upkeep.asked(false);
    hearing.failed(now, request.node());
    switch (request.reason()) {
      case Probe _ -> {
        var contact = table.contact(request.node());
        if (contact != null && table.isLive(contact)) {
          requests.probe(now, contact, out); // until it answers or counts as gone
        }
      }
      case Step(var lookup) -> searching.failed(now, lookup, request.node(), out);
      case Keeping(var storing) -> {
        storing.failed(request.id());
        send(now, storing, out);
      }
    }
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
    if (hearing.isAlone()) {
      return;
    }
    for (var chore = upkeep.next(now.uptime());
        chore.isPresent();
        chore = upkeep.next(now.uptime())) {
      searching.startOwn(now, chore.get().target(), chore.get().kind(), out);
    }
    while (table.size() > 0) {
      var place = publisher.next(now.uptime(), searching.nextOwn());
      if (place == null) {
        break;
      }
      searching.startOwn(now, place, Lookup.Kind.STORE, out);
    }
    searching.goOn(now, out);
    if (!storings.isEmpty()) {
      List.copyOf(storings).forEach(storing -> send(now, storing, out));
    }
    if (!bootstraps.isEmpty() && table.size() > 0 && upkeep.isBootstrapped()) {
      bootstraps.forEach(id -> out.accept(new DhtOutput.Bootstrapped(id, table.size())));
      bootstraps.clear();
    }
  }

  /** A lookup is over; what it means for whoever wanted it. */
  private void over(Now now, Lookup lookup, Consumer<DhtOutput> out) {
    switch (lookup.kind()) {
      case FIND_PEER, FIND_CLOSEST, VALUE, PROVIDERS -> {}
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

  private void send(Now now, Storing storing, Consumer<DhtOutput> out) {
    while (requests.hasRoom()) {
      var parcel = storing.next();
      if (parcel == null) {
        break;
      }
      var message = new DhtMessage.Store(parcel.token(), parcel.entries());
      storing.sent(requests.send(now, parcel.to(), message, new Keeping(storing), out), parcel);
    }
    if (storing.isOver() && storings.remove(storing)) {
      publisher.stored(now, storing, out);
    }
  }
}
