package dev.cis.dht.proto;

import dev.cis.dht.proto.DhtMessage.Entry;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import dev.cis.transport.PeerRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What this node publishes, and when it says each of it again. What is due and belongs to the same
 * nodes goes there together after one lookup, so that a hundred values in a network of ten nodes
 * cost ten requests and not a thousand.
 */
final class Publisher {
  /** The first repetition, since a network often grows while it starts; doubled each time. */
  private static final Duration FIRST_PAUSE = Duration.ofMinutes(1);

  private static final Duration FIRST_PAUSE_OF_OWN = Duration.ofMinutes(15);
  private static final int LOOKUPS_AT_ONCE = 4;

  /** Something published. */
  private static final class Entered {
    final Publication publication;
    final List<Long> tasks = new ArrayList<>();
    OptionalLong expected = OptionalLong.empty();
    Duration nextAt;
    Duration pause;
    boolean running;

    Entered(Publication publication, Duration nextAt, Duration pause) {
      this.publication = publication;
      this.nextAt = nextAt;
      this.pause = pause;
    }
  }

  private final KeyPair key;
  private final KademliaConfig kademlia;
  private final RecordsConfig config;
  private final RandomGenerator random;
  private final Map<String, Entered> entries = new LinkedHashMap<>();
  private final Map<Long, Entered> lookups = new HashMap<>();
  private @Nullable Signed<PeerRecord> own;

  Publisher(KeyPair key, KademliaConfig kademlia, RecordsConfig config, RandomGenerator random) {
    this.key = key;
    this.kademlia = kademlia;
    this.config = config;
    this.random = random;
  }

  private static String name(Publication publication) {
    return switch (publication) {
      case Publication.OwnRecord _ -> "own";
      case Publication.Provided(var key) -> "provided " + key;
      case Publication.Value value -> "value " + value.key();
    };
  }

  /** Our record is this from now on. */
  void own(Now now, Signed<PeerRecord> record) {
    boolean moved = own == null || !own.value().addresses().equals(record.value().addresses());
    own = record;
    if (moved) {
      var publication = new Publication.OwnRecord(key.nodeId());
      var at = now.uptime().plus(jittered(kademlia.hungryEvery().dividedBy(10)));
      entries.put(name(publication), new Entered(publication, at, FIRST_PAUSE_OF_OWN));
    }
  }

  @Nullable Signed<PeerRecord> own() {
    return own;
  }

  /** Publishes something from now on; false when there is too much already. */
  boolean publish(Now now, long task, Publication publication, OptionalLong expected) {
    var name = name(publication);
    if (!entries.containsKey(name) && entries.size() >= config.published()) {
      return false;
    }
    var before = entries.get(name);
    var entered =
        before != null && before.publication.equals(publication)
            ? before
            : new Entered(publication, now.uptime(), FIRST_PAUSE);
    entered.nextAt = now.uptime();
    entered.expected = expected;
    entered.tasks.add(task);
    entries.put(name, entered);
    return true;
  }

  /** Takes up again what was published before a restart. */
  void restore(Now now, List<Publication> earlier) {
    for (var publication : earlier) {
      if (entries.size() < config.published()) {
        var at = now.uptime().plus(jittered(kademlia.hungryEvery()));
        entries.putIfAbsent(name(publication), new Entered(publication, at, FIRST_PAUSE));
      }
    }
  }

  /** Publishes it no more; false if it was not published. */
  boolean withdraw(Publication publication) {
    return entries.remove(name(publication)) != null;
  }

  /** Publishes the value at a key no more; false if there was none. */
  boolean forget(NodeId at) {
    return entries.remove("value " + at) != null;
  }

  /** The value that this node publishes at a key. */
  @Nullable Item value(NodeId at) {
    var entered = entries.get("value " + at);
    return entered != null && entered.publication instanceof Publication.Value(var item)
        ? item
        : null;
  }

  /** What is to be kept over a restart. */
  List<Publication> publications() {
    return entries.values().stream()
        .map(entered -> entered.publication)
        .filter(publication -> !(publication instanceof Publication.OwnRecord))
        .toList();
  }

  /** The place of the next publication that is due; {@code lookup} is to be made for it. */
  @Nullable NodeId next(Duration now, long lookup) {
    if (lookups.size() >= LOOKUPS_AT_ONCE) {
      return null;
    }
    @Nullable Entered due = null;
    for (var entered : entries.values()) {
      if (!entered.running
          && entered.nextAt.compareTo(due == null ? now : due.nextAt) <= 0
          && (due == null || !entered.nextAt.equals(due.nextAt))) {
        due = entered;
      }
    }
    if (due == null) {
      return null;
    }
    due.running = true;
    lookups.put(lookup, due);
    return due.publication.key();
  }

  Duration wakeAt() {
    var next = Machine.NEVER;
    if (lookups.size() < LOOKUPS_AT_ONCE) {
      for (var entered : entries.values()) {
        if (!entered.running && entered.nextAt.compareTo(next) < 0) {
          next = entered.nextAt;
        }
      }
    }
    return next;
  }

  /** What goes to the nodes that the lookup found; null when it is superseded. */
  @Nullable Storing found(Now now, Lookup lookup, Consumer<DhtOutput> out) {
    var entered = lookups.remove(lookup.id());
    if (entered == null) {
      return null;
    }
    if (isSuperseded(entered, lookup.findings().value())) {
      done(now, entered, new Storing.Tally(0, 1), jitter(), out);
      return null;
    }
    var closest = lookup.closest();
    var parcels = new LinkedHashMap<Publication, Entry>();
    add(now, entered, parcels);
    var soon = now.uptime().plus(FIRST_PAUSE);
    for (var other : entries.values()) {
      if (!other.running
          && other.nextAt.compareTo(soon) <= 0
          && other.expected.isEmpty()
          && !isNewMutable(other)
          && isNear(lookup, closest, other.publication.key())) {
        other.running = true;
        add(now, other, parcels);
      }
    }
    return new Storing(parcels, closest, key.nodeId(), kademlia.alphaMax());
  }

  /** A mutable value that was not stored yet: whether it is the newest must be looked up. */
  private static boolean isNewMutable(Entered entered) {
    return entered.publication instanceof Publication.Value(Item.Mutable _)
        && !entered.tasks.isEmpty();
  }

  /** Whether the nodes closest to this key are among those found: all of a subtree was. */
  private boolean isNear(Lookup lookup, List<Lookup.Answerer> closest, NodeId other) {
    int whole =
        closest.size() < kademlia.k()
            ? 0
            : Distance.commonPrefix(lookup.target(), closest.getLast().record().value().node());
    return Distance.commonPrefix(lookup.target(), other) > whole || closest.size() < kademlia.k();
  }

  private static boolean isSuperseded(Entered entered, @Nullable Item found) {
    if (!(entered.publication instanceof Publication.Value(var item))
        || !(item instanceof Item.Mutable)
        || !(found instanceof Item.Mutable)) {
      return false;
    }
    long ours = ItemStore.sequence(item);
    long theirs = ItemStore.sequence(found);
    boolean unexpected =
        entered.expected.isPresent() && entered.expected.getAsLong() != theirs && ours != theirs;
    return unexpected || theirs > ours || (theirs == ours && !found.equals(item));
  }

  private void add(Now now, Entered entered, Map<Publication, Entry> into) {
    var record = own;
    @Nullable Item item =
        switch (entered.publication) {
          case Publication.OwnRecord _ -> record == null ? null : new Item.Peer(record);
          case Publication.Provided(var place) ->
              record == null ? null : new Item.Provider(provision(now, place), record);
          case Publication.Value(var value) -> value;
        };
    if (item != null) {
      into.put(entered.publication, new Entry(item, entered.expected));
    } else {
      entered.running = false;
      entered.nextAt = now.uptime().plus(FIRST_PAUSE);
    }
  }

  private Signed<Provision> provision(Now now, NodeId place) {
    return new Provision(
            place,
            key.nodeId(),
            now.wall().toEpochMilli(),
            now.wall().plus(config.providerLifetime()))
        .sign(key);
  }

  /** All parcels were answered, or will not be. */
  void stored(Now now, Storing storing, Consumer<DhtOutput> out) {
    double jitter = jitter(); // the same for all, so that what travelled together stays together
    storing
        .tallies()
        .forEach((publication, tally) -> {
          var entered = entries.get(name(publication));
          if (entered != null && entered.publication.equals(publication)) {
            done(now, entered, tally, jitter, out);
          }
        });
  }

  private void done(
      Now now, Entered entered, Storing.Tally tally, double jitter, Consumer<DhtOutput> out) {
    entered.running = false;
    entered.expected = OptionalLong.empty();
    boolean superseded =
        tally.newer() > tally.kept() && entered.publication instanceof Publication.Value;
    for (long task : entered.tasks) {
      out.accept(
          new DhtOutput.Published(task, entered.publication.key(), tally.kept(), tally.newer()));
    }
    entered.tasks.clear();
    if (superseded) {
      entries.remove(name(entered.publication), entered);
      return;
    }
    entered.nextAt = now.uptime().plus(times(entered.pause, jitter));
    if (tally.kept() > 0) {
      var doubled = entered.pause.multipliedBy(2);
      var longest = period(entered.publication);
      entered.pause = doubled.compareTo(longest) < 0 ? doubled : longest;
    }
  }

  private Duration period(Publication publication) {
    return switch (publication) {
      case Publication.OwnRecord _ -> config.peerRepublish();
      case Publication.Provided _ -> config.providerRepublish();
      case Publication.Value _ -> config.valueRepublish();
    };
  }

  private Duration jittered(Duration time) {
    return times(time, jitter());
  }

  /** Three to five quarters, so that nodes that started together drift apart. */
  private double jitter() {
    return 0.75 + random.nextDouble() / 2;
  }

  private static Duration times(Duration time, double factor) {
    return Duration.ofNanos((long) (time.toNanos() * factor));
  }
}
