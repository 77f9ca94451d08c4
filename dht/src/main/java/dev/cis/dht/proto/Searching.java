package dev.cis.dht.proto;

import dev.cis.dht.proto.Requests.Reason.Step;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Now;
import dev.cis.transport.PeerRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** The lookups that run: those of callers have numbers from 0, our own have negative ones. */
final class Searching {
  /** What is done with a lookup that is over. */
  @FunctionalInterface
  interface Over {
    void accept(Now now, Lookup lookup, Consumer<DhtOutput> out);
  }

  /** How much farther than usual the closest nodes to a target may reach. */
  private static final double THIN = 2.5;

  private final NodeId self;
  private final KademliaConfig config;
  private final RoutingTable table;
  private final Hearing hearing;
  private final Requests requests;
  private final Over whenOver;
  private final Density density = new Density();
  private final Map<Long, Lookup> running = new HashMap<>();
  private final Set<Lookup> starved = new LinkedHashSet<>();
  private long lastOwn;
  private int callers;
  private long rejectedRecords;

  Searching(
      NodeId self,
      KademliaConfig config,
      RoutingTable table,
      Hearing hearing,
      Requests requests,
      Over whenOver) {
    this.self = self;
    this.config = config;
    this.table = table;
    this.hearing = hearing;
    this.requests = requests;
    this.whenOver = whenOver;
  }

  /** Records and items of answers that lied, had run out, or described no node that serves. */
  long rejectedRecords() {
    return rejectedRecords;
  }

  /** Whether a caller may start one more with this number. */
  boolean hasRoomFor(long number) {
    return number >= 0 && callers < config.lookups();
  }

  /** Starts a lookup of a caller; {@code known} is what we ourselves have of its target. */
  void start(Now now, DhtInput.StartLookup start, List<Item> known, Consumer<DhtOutput> out) {
    var kind =
        switch (start.purpose()) {
          case FIND_PEER -> Lookup.Kind.FIND_PEER;
          case FIND_CLOSEST -> Lookup.Kind.FIND_CLOSEST;
          case FIND_VALUE -> Lookup.Kind.VALUE;
          case FIND_PROVIDERS -> Lookup.Kind.PROVIDERS;
        };
    var lookup = lookup(start.lookup(), start.target(), kind);
    boolean _ = lookup.findings().take(List.of(), known);
    run(now, lookup, out);
  }

  /** The number that the next lookup of our own will have. */
  long nextOwn() {
    return lastOwn - 1;
  }

  /** Starts a lookup of our own. */
  void startOwn(Now now, NodeId target, Lookup.Kind kind, Consumer<DhtOutput> out) {
    run(now, lookup(--lastOwn, target, kind), out);
  }

  private Lookup lookup(long id, NodeId target, Lookup.Kind kind) {
    double reach = table.reach();
    double usual = reach < 1 ? density.share(config.k(), reach) : 1;
    return new Lookup(id, target, kind, config, Math.min(1, THIN * usual));
  }

  /** The caller of a lookup waits no longer. */
  void cancel(long number) {
    remove(number);
  }

  private void remove(long number) {
    if (running.remove(number) != null && number >= 0) {
      callers--;
    }
  }

  private void run(Now now, Lookup lookup, Consumer<DhtOutput> out) {
    if (running.put(lookup.id(), lookup) == null && lookup.id() >= 0) {
      callers++;
    }
    var seeds = withoutTarget(lookup, hearing.seeds(lookup.target()));
    lookup.begin(seeds, () -> further(lookup));
    advance(now, lookup, out);
  }

  private List<Signed<PeerRecord>> further(Lookup lookup) {
    return withoutTarget(lookup, hearing.further(lookup.target()));
  }

  /** What we know of the target ourselves may be old: others are asked for it. */
  private static List<Signed<PeerRecord>> withoutTarget(
      Lookup lookup, List<Signed<PeerRecord>> nodes) {
    if (lookup.kind() == Lookup.Kind.FIND_PEER) {
      nodes.removeIf(node -> node.value().node().equals(lookup.target()));
    }
    return nodes;
  }

  /** A node answered a lookup's question. */
  void answered(
      Now now, Lookup lookup, NodeId from, DhtMessage.Nodes nodes, Consumer<DhtOutput> out) {
    rejectedRecords += nodes.rejected();
    var usable = new ArrayList<Signed<PeerRecord>>(nodes.records().size());
    for (var record : nodes.records()) {
      if (hearing.isUsable(now, record)) {
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

  /** A node did not answer a lookup's question. */
  void failed(Now now, Lookup lookup, NodeId node, Consumer<DhtOutput> out) {
    if (isRunning(lookup)) {
      lookup.failed(node);
      advance(now, lookup, out);
    }
  }

  /** A node is slow to answer a lookup's question. */
  void slow(Now now, Lookup lookup, NodeId node, Consumer<DhtOutput> out) {
    if (isRunning(lookup)) {
      lookup.slow(node);
      advance(now, lookup, out);
    }
  }

  /** Goes on with those that waited because too many requests were under way. */
  void goOn(Now now, Consumer<DhtOutput> out) {
    while (!starved.isEmpty() && requests.hasRoom()) {
      var lookup = starved.iterator().next();
      starved.remove(lookup);
      if (isRunning(lookup)) {
        advance(now, lookup, out);
      }
    }
  }

  private boolean isRunning(Lookup lookup) {
    return running.get(lookup.id()) == lookup;
  }

  private void advance(Now now, Lookup lookup, Consumer<DhtOutput> out) {
    boolean goesOn = true;
    while (goesOn) {
      if (!requests.hasRoom()) {
        starved.add(lookup);
        return;
      }
      var to = lookup.next();
      if (to == null) {
        if (lookup.isOver()) {
          over(now, lookup, out);
          return;
        }
        to = lookup.next(); // a further path may have been taken just now
      }
      goesOn = to != null;
      if (to != null) {
        long _ = requests.send(now, to, lookup.question(), new Step(lookup), out);
      }
    }
  }

  private void over(Now now, Lookup lookup, Consumer<DhtOutput> out) {
    remove(lookup.id());
    starved.remove(lookup);
    learn(lookup);
    switch (lookup.kind()) {
      case FIND_PEER, FIND_CLOSEST, VALUE, PROVIDERS -> out.accept(result(lookup));
      case SELF, REFRESH, STORE -> {}
    }
    whenOver.accept(now, lookup, out);
  }

  /** Our own neighbourhood is looked up again and again, and says nothing of the others. */
  private void learn(Lookup lookup) {
    int complete =
        switch (lookup.kind()) {
          case FIND_CLOSEST, STORE -> config.k();
          case REFRESH -> config.beta();
          case FIND_PEER, VALUE, PROVIDERS, SELF -> Integer.MAX_VALUE;
        };
    if (complete < Integer.MAX_VALUE) {
      var closest = lookup.closest();
      if (closest.size() >= complete) {
        var last = closest.get(complete - 1).record().value().node();
        density.found(complete, Distance.share(lookup.target(), last));
      }
    }
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
}
