package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.PeerRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One iterative lookup (Kademlia, section 2.3) on one or more disjoint {@link Path}s: whom to ask
 * next, and when it is over.
 *
 * <p>A search ends a path when the beta closest have answered, and takes a further path, from other
 * nodes of our table, while nothing is found. A look for the closest nodes wants all k of them, and
 * takes a further path when what it found is too thin for a network of this size: then liars have
 * kept it from the true ones.
 */
final class Lookup {
  /** Why the machine runs it. */
  enum Kind {
    FIND_PEER,
    FIND_CLOSEST,
    VALUE,
    PROVIDERS,
    STORE,
    SELF,
    REFRESH;

    boolean isSearch() {
      return this == FIND_PEER || this == VALUE || this == PROVIDERS;
    }

    private boolean isForClosest() {
      return this == FIND_CLOSEST || this == STORE || this == SELF;
    }
  }

  /** A node that answered, and its token if it gave one. */
  record Answerer(Signed<PeerRecord> record, Bytes token) {}

  private final long id;
  private final NodeId target;
  private final Kind kind;
  private final KademliaConfig config;
  private final double thin;
  private final Findings findings;
  private final List<Path> paths = new ArrayList<>();
  private final Map<NodeId, Path> askedOn = new HashMap<>();
  private final Map<NodeId, Bytes> tokens = new HashMap<>();
  private final List<Signed<PeerRecord>> reserve = new ArrayList<>();
  private Supplier<List<Signed<PeerRecord>>> further = List::of;
  private @Nullable Path union;
  private int parallel;
  private int requests;
  private int hops;

  /**
   * A lookup without anybody to ask yet.
   *
   * @param thin where the k closest nodes reach farther than this share of the space, some are
   *     missing; 1 when that is not known
   */
  Lookup(long id, NodeId target, Kind kind, KademliaConfig config, double thin) {
    this.id = id;
    this.target = target;
    this.kind = kind;
    this.config = config;
    this.thin = thin;
    // Somebody waits for the whole neighbourhood of a key, which takes 20 questions anyway: the
    // seven
    // more that a wide front asks on its way spare the slowest of these lookups three rounds.
    this.parallel =
        kind == Kind.FIND_CLOSEST || kind == Kind.STORE ? config.alphaMax() : config.alpha();
    this.findings = new Findings(target, kind);
  }

  long id() {
    return id;
  }

  NodeId target() {
    return target;
  }

  Kind kind() {
    return kind;
  }

  int requests() {
    return requests;
  }

  /** How many questions one after the other led to what was found, or to the last answer. */
  int hops() {
    return hops;
  }

  Findings findings() {
    return findings;
  }

  /** What to ask for. */
  DhtMessage.Find question() {
    var what =
        switch (kind) {
          case VALUE, STORE -> DhtMessage.What.VALUE;
          case PROVIDERS -> DhtMessage.What.PROVIDERS;
          case FIND_PEER, FIND_CLOSEST, SELF, REFRESH -> DhtMessage.What.NODES;
        };
    return new DhtMessage.Find(target, what, kind == Kind.STORE);
  }

  /**
   * The nodes to begin with, closest first; {@code more} gives further ones, closest first, in case
   * that a further path is taken.
   */
  void begin(List<Signed<PeerRecord>> seeds, Supplier<List<Signed<PeerRecord>>> more) {
    reserve.addAll(seeds);
    further = more;
    int width = kind == Kind.REFRESH ? 1 : config.paths();
    for (int i = 0; i < width; i++) {
      addPath(i, width);
    }
  }

  private void addPath(int first, int stride) {
    var path = new Path(target, config, enoughOnPath());
    paths.add(path);
    for (int i = first; i < reserve.size(); i += stride) {
      path.offer(reserve.get(i), 1);
    }
  }

  private int enoughOnPath() {
    return kind.isForClosest()
        ? Math.ceilDiv(config.k(), config.paths())
        : Math.min(config.beta(), config.k());
  }

  /** Whom to ask now, if anybody; counts as asked from here on. */
  @Nullable Signed<PeerRecord> next() {
    int approaching = 0;
    for (var path : paths) {
      approaching += path.hasArrived() ? 0 : path.inFlight();
    }
    if (requests >= config.lookupRequests() || findings.isEnough()) {
      return null;
    }
    Path.@Nullable Candidate best = null;
    @Nullable Path on = null;
    for (var path : paths) {
      boolean mayAsk = path.hasArrived() || approaching < parallel;
      if (mayAsk && (on == null || path.inFlight() < on.inFlight())) {
        var candidate = path.next(asked());
        if (candidate != null) {
          best = candidate;
          on = path;
        }
      }
    }
    if (best == null || on == null) {
      return null;
    }
    on.ask(best);
    askedOn.put(best.node, on);
    requests++;
    return best.record;
  }

  private Set<NodeId> asked() {
    return askedOn.keySet();
  }

  /** Takes an answer: the nodes that it names, what it has, and its token. */
  void answered(NodeId from, List<Signed<PeerRecord>> records, List<Item> items, Bytes token) {
    var path = askedOn.get(from);
    var candidate = path == null ? null : path.answered(from);
    if (path == null || candidate == null) {
      return;
    }
    if (!token.isEmpty()) {
      tokens.put(from, token);
    }
    boolean found = findings.take(records, items);
    if (found || !findings.isAny()) {
      hops = Math.max(hops, candidate.depth);
    }
    if (findings.isEnough()) {
      hops = candidate.depth;
    }
    for (var record : records) {
      if (kind != Kind.FIND_PEER || !record.value().node().equals(target)) {
        path.offer(record, candidate.depth + 1);
      }
    }
    if (kind.isForClosest() && path.isAmongClosest(from, config.beta())) {
      // Nobody much closer was named: now all that are left are asked at once (section 2.3).
      path.arrived();
    }
  }

  void failed(NodeId node) {
    var path = askedOn.get(node);
    if (path != null) {
      path.failed(node);
    }
  }

  /** The answer of this node is slow in coming: ask one more at the same time. */
  void slow(NodeId node) {
    var path = askedOn.get(node);
    if (path != null) {
      path.slow(node);
      parallel = Math.min(config.alphaMax(), parallel + 1);
    }
  }

  /**
   * Whether there is nothing more to ask or to wait for; call after {@link #next} was drained, and
   * drain it again when this is false.
   */
  boolean isOver() {
    if (findings.isEnough()) {
      return true;
    }
    if (requests >= config.lookupRequests()) {
      return paths.stream().noneMatch(Path::isWaiting);
    }
    for (var path : paths) {
      if (!path.isOver(asked())) {
        return false;
      }
    }
    return !goesOn();
  }

  /** Whether there is a further path to take; it is there from here on. */
  private boolean goesOn() {
    if (kind.isForClosest() && union == null) {
      union = union();
      paths.add(union);
      if (!union.isOver(asked())) {
        return true;
      }
    }
    boolean unhappy = kind.isSearch() ? !findings.isAny() : kind.isForClosest() && isThin();
    int taken = paths.size() - (union == null ? 0 : 1);
    if (!unhappy || taken >= config.pathsMax()) {
      return false;
    }
    reserve.addAll(further.get());
    further = List::of;
    reserve.removeIf(record -> askedOn.containsKey(record.value().node()));
    if (reserve.isEmpty()) {
      return false;
    }
    addPath(0, Math.max(1, config.pathsMax() - taken));
    union = null;
    return true;
  }

  /** What all paths found together, so that no close node is missed between them. */
  private Path union() {
    var all = new Path(target, config, config.k());
    all.arrived();
    var added = new HashSet<NodeId>();
    for (var path : paths) {
      for (var candidate : path.candidates()) {
        if (candidate.hasAnswered() && added.add(candidate.node)) {
          all.offer(candidate);
        }
      }
    }
    for (var path : paths) {
      for (var candidate : path.candidates()) {
        if (candidate.isFresh() && !askedOn.containsKey(candidate.node)) {
          all.offer(candidate.record, candidate.depth);
        }
      }
    }
    reserve.stream()
        .filter(record -> !askedOn.containsKey(record.value().node()))
        .forEach(record -> all.offer(record, 1));
    return all;
  }

  private boolean isThin() {
    var closest = closest();
    return thin < 1
        && (closest.size() < config.k()
            || Distance.share(target, closest.getLast().record().value().node()) > thin);
  }

  /** The closest nodes that answered. */
  List<Answerer> closest() {
    var seen = new HashSet<NodeId>();
    return paths.stream()
        .flatMap(path -> path.candidates().stream())
        .filter(candidate -> candidate.hasAnswered() && seen.add(candidate.node))
        .sorted((a, b) -> Distance.compare(target, a.node, b.node))
        .limit(config.k())
        .map(c -> new Answerer(c.record, tokens.getOrDefault(c.node, Bytes.EMPTY)))
        .toList();
  }
}
