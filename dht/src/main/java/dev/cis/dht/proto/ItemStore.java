package dev.cis.dht.proto;

import dev.cis.dht.proto.DhtMessage.Outcome;
import dev.cis.dht.proto.DhtMessage.What;
import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What this node keeps for others. Bounded in number and in bytes, with a share for each sender, so
 * that a flood costs the one who floods. Not thread-safe.
 */
final class ItemStore {
  /** What takes the place of what: there is one value at a key, and one provision of each node. */
  private record Place(NodeId key, int kind, @Nullable NodeId provider) {
    static Place of(Item item) {
      return switch (item) {
        case Item.Peer peer -> new Place(peer.key(), 0, null);
        case Item.Provider provider -> new Place(provider.key(), 1, provider.node());
        case Item.Mutable value -> new Place(value.key(), 2, null);
        case Item.Immutable value -> new Place(value.key(), 3, null);
      };
    }
  }

  /** Clocks of honest nodes differ by so much at most. */
  private static final Duration SLACK = Duration.ofMinutes(10);

  private final NodeId self;
  private final RecordsConfig config;
  private final Map<Place, Kept> kept = new HashMap<>();
  private final Map<NodeId, LinkedHashMap<NodeId, Place>> providers = new HashMap<>();
  private final Map<String, Set<Place>> bySource = new HashMap<>();
  private long bytes;

  /** Nothing runs out before this. */
  private Instant firstEnd = Instant.MAX;

  ItemStore(NodeId self, RecordsConfig config) {
    this.self = self;
    this.config = config;
  }

  /** Keeps an item, if there is room and nothing newer; tells what became of it. */
  Outcome put(Instant now, Item item, String source, OptionalLong expected) {
    var until = until(now, item);
    if (until == null) {
      return Outcome.BAD_RECORD;
    }
    var place = Place.of(item);
    var before = kept.get(place);
    if (before != null) {
      var refusal = refusal(before.item(), item, expected);
      if (refusal != null) {
        return refusal;
      }
    }
    return keep(place, before, new Kept(item, source, until)) ? Outcome.KEPT : Outcome.FULL;
  }

  /** When it runs out if it is kept now; null when it has run out or claims too much. */
  private @Nullable Instant until(Instant now, Item item) {
    return switch (item) {
      case Item.Peer(var record) ->
          record.value().isCurrent(now)
              ? earlier(record.value().expiry(), now.plus(config.peerLifetime()))
              : null;
      case Item.Provider(var provision, var peer) -> {
        var expiry = provision.value().expiry();
        boolean lies =
            expiry.isAfter(now.plus(config.providerLifetime()).plus(SLACK))
                || provision.value().sequence() > now.plus(SLACK).toEpochMilli();
        yield lies || !now.isBefore(expiry) || !peer.value().isCurrent(now) ? null : expiry;
      }
      case Item.Mutable _, Item.Immutable _ -> now.plus(config.valueLifetime());
    };
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }

  private static @Nullable Outcome refusal(Item before, Item item, OptionalLong expected) {
    long had = sequence(before);
    long has = sequence(item);
    if (expected.isPresent() && expected.getAsLong() != had && has != had) {
      return Outcome.CONFLICT;
    }
    boolean same = has == had && isSame(before, item);
    return has < had || (has == had && !same) ? Outcome.STALE : null;
  }

  private static boolean isSame(Item before, Item item) {
    return (before instanceof Item.Provider a && item instanceof Item.Provider b)
        ? a.provision().equals(b.provision())
        : before.equals(item);
  }

  /** What tells the newer of two items at one place; 0 where nothing changes. */
  static long sequence(Item item) {
    return switch (item) {
      case Item.Peer(var record) -> record.value().sequence();
      case Item.Provider(var provision, _) -> provision.value().sequence();
      case Item.Mutable(var signed) -> signed.value().sequence();
      case Item.Immutable _ -> 0;
    };
  }

  private boolean keep(Place place, @Nullable Kept before, Kept next) {
    var siblings = providers.get(place.key);
    if (before == null
        && place.provider != null
        && siblings != null
        && siblings.size() >= config.keptProviders()) {
      remove(siblings.firstEntry().getValue());
    }
    var own = bySource.get(next.source());
    boolean itsOwn = before != null && before.source().equals(next.source());
    if (!itsOwn && own != null && own.size() >= config.keptPerSource()) {
      return false;
    }
    if (before != null) {
      remove(place);
    }
    add(place, next);
    while (kept.size() > config.keptRecords() || bytes > config.keptBytes()) {
      remove(victim());
    }
    return kept.containsKey(place);
  }

  /** The farthest from us of whoever has most here. */
  private Place victim() {
    var most = bySource.values().stream().max(Comparator.comparingInt(Set::size)).orElseThrow();
    return most.stream().max((a, b) -> Distance.compare(self, a.key, b.key)).orElseThrow();
  }

  private void add(Place place, Kept next) {
    kept.put(place, next);
    firstEnd = earlier(firstEnd, next.until());
    bytes += next.item().bytes();
    bySource.computeIfAbsent(next.source(), source -> new LinkedHashSet<>()).add(place);
    if (place.provider != null) {
      providers.computeIfAbsent(place.key, key -> new LinkedHashMap<>()).put(place.provider, place);
    }
  }

  private void remove(Place place) {
    var gone = kept.remove(place);
    if (gone == null) {
      return;
    }
    bytes -= gone.item().bytes();
    bySource.computeIfPresent(gone.source(), (source, places) -> without(places, place));
    if (place.provider != null) {
      providers.computeIfPresent(
          place.key,
          (key, places) -> {
            places.remove(place.provider);
            return places.isEmpty() ? null : places;
          });
    }
  }

  private static @Nullable Set<Place> without(Set<Place> places, Place place) {
    places.remove(place);
    return places.isEmpty() ? null : places;
  }

  /** What is kept at a key, newest providers first. */
  List<Item> find(Instant now, NodeId key, What what) {
    return switch (what) {
      case NODES -> current(now, new Place(key, 0, null));
      case PROVIDERS -> {
        var places = providers.get(key);
        var found = new ArrayList<Item>();
        if (places != null) {
          places.sequencedValues().reversed().forEach(p -> found.addAll(current(now, p)));
        }
        yield found.subList(0, Math.min(found.size(), DhtMessage.MAX_ITEMS));
      }
      case VALUE -> {
        var value = current(now, new Place(key, 2, null));
        yield value.isEmpty() ? current(now, new Place(key, 3, null)) : value;
      }
    };
  }

  private List<Item> current(Instant now, Place place) {
    var found = kept.get(place);
    return found != null && now.isBefore(found.until()) ? List.of(found.item()) : List.of();
  }

  /** Drops what has run out. */
  void expire(Instant now) {
    if (now.isBefore(firstEnd)) {
      return;
    }
    firstEnd = Instant.MAX;
    kept.values()
        .forEach(one ->
            firstEnd = now.isBefore(one.until()) ? earlier(firstEnd, one.until()) : firstEnd);
    kept.entrySet().stream()
        .filter(entry -> !now.isBefore(entry.getValue().until()))
        .map(Map.Entry::getKey)
        .toList()
        .forEach(this::remove);
  }

  /** Takes back what was kept before a restart and has not run out. */
  void restore(Instant now, Collection<Kept> earlier) {
    for (var one : earlier) {
      var most = until(now, one.item());
      if (most != null && now.isBefore(one.until())) {
        var place = Place.of(one.item());
        boolean _ =
            keep(
                place,
                kept.get(place),
                new Kept(one.item(), one.source(), earlier(one.until(), most)));
      }
    }
  }

  /** Everything that is kept. */
  List<Kept> all() {
    return List.copyOf(kept.values());
  }

  int size() {
    return kept.size();
  }

  long bytes() {
    return bytes;
  }
}
