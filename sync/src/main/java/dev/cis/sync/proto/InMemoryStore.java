package dev.cis.sync.proto;

import dev.cis.crdt.Dot;
import dev.cis.crdt.HybridClock;
import dev.cis.crdt.HybridTime;
import dev.cis.crdt.Ranges;
import dev.cis.crdt.VectorClock;
import dev.cis.crdt.VersionVector;
import dev.cis.kernel.identity.NodeId;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A store for simulations: what it holds survives the crash of its machine. Not thread-safe. */
public final class InMemoryStore implements EntryStore {
  private static final int MAX_CONFLICTS = 1000;

  private record Slot(long index, Entry entry, VectorClock context) {}

  private final NodeId self;
  private final Signatures signatures;
  private final HybridClock clock = new HybridClock(HybridTime.ZERO);
  private final Map<String, Slot> slots = new HashMap<>();
  private final NavigableMap<Long, Entry> changes = new TreeMap<>();
  private final Map<NodeId, NavigableMap<Long, Entry>> authors = new HashMap<>();
  private final Map<NodeId, Ranges> seen = new HashMap<>();
  private final Map<NodeId, Ranges> withheld = new HashMap<>();
  private final Deque<Entry> conflicts = new ArrayDeque<>();
  private @Nullable VersionVector seenNow;
  private long newest;
  private long sequence;

  /** An empty store of the node. */
  public InMemoryStore(NodeId self, Signatures signatures) {
    this.self = self;
    this.signatures = signatures;
  }

  /** Writes as the node itself. */
  public Entry write(EntryDraft draft, Instant wall) {
    var slot = slots.get(draft.key());
    sequence = sequence == 0 ? Math.max(1, wall.toEpochMilli()) : sequence + 1;
    var context = slot == null ? VectorClock.EMPTY : slot.context;
    var body = draft.at(clock.next(wall), new Dot(self, sequence), context);
    var entry = Entry.sign(body, signatures);
    merge(entry);
    return entry;
  }

  /** The live entry of a key. */
  public Optional<Entry> get(String key) {
    var slot = slots.get(key);
    return slot == null || slot.entry.body().deleted() ? Optional.empty() : Optional.of(slot.entry);
  }

  /** The entry of each key, tombstones too, in no order. */
  public Collection<Entry> entries() {
    return slots.values().stream().map(Slot::entry).toList();
  }

  /** Writes that lost to a concurrent one, oldest first. */
  public List<Entry> conflicts() {
    return List.copyOf(conflicts);
  }

  /** Drops an entry and goes on claiming it, as a damaged disk would. */
  public void lose(String key) {
    var slot = slots.remove(key);
    if (slot != null) {
      unlink(slot);
    }
  }

  @Override
  public VersionVector seen() {
    var now = seenNow;
    if (now == null) {
      now = VersionVector.of(seen);
      seenNow = now;
    }
    return now;
  }

  @Override
  public VersionVector withheld() {
    return VersionVector.of(withheld);
  }

  @Override
  public long newest() {
    return newest;
  }

  @Override
  public List<Entry> byAuthor(NodeId author, long first, long last, int limit) {
    var of = authors.get(author);
    return of == null
        ? List.of()
        : of.subMap(first, true, last, true).values().stream().limit(limit).toList();
  }

  @Override
  public List<Stored> changedAfter(long index, int limit) {
    return changes.tailMap(index, false).entrySet().stream()
        .limit(limit)
        .map(e -> new Stored(e.getKey(), e.getValue()))
        .toList();
  }

  @Override
  public Fingerprint fingerprint(Span span) {
    return list(span, Integer.MAX_VALUE).stream()
        .map(Listed::fingerprint)
        .reduce(Fingerprint.EMPTY, Fingerprint::plus);
  }

  @Override
  public List<Listed> list(Span span, int limit) {
    return slots.values().stream()
        .map(slot -> new Listed(Entry.position(slot.entry.body().key()), slot.entry.fingerprint()))
        .filter(listed -> span.contains(listed.position()))
        .sorted((a, b) -> Long.compareUnsigned(a.position(), b.position()))
        .limit(limit)
        .toList();
  }

  @Override
  public List<Entry> at(long position) {
    return slots.values().stream()
        .map(Slot::entry)
        .filter(entry -> Entry.position(entry.body().key()) == position)
        .toList();
  }

  @Override
  public int commit(Changes commit, Instant wall) {
    int news = 0;
    for (var entry : commit.entries()) {
      news += merge(entry) ? 1 : 0;
    }
    for (var dot : commit.withheld()) {
      see(dot);
      withheld.merge(dot.author(), Ranges.of(dot.sequence(), dot.sequence()), Ranges::union);
    }
    if (!commit.coverage().isEmpty()) {
      commit.coverage().ranges().forEach((author, dots) -> seen.merge(author, dots, Ranges::union));
      sequence = Math.max(sequence, seen.getOrDefault(self, Ranges.EMPTY).max());
      seenNow = null;
    }
    return news;
  }

  private void see(Dot dot) {
    var before = seen.getOrDefault(dot.author(), Ranges.EMPTY);
    seen.put(dot.author(), before.with(dot.sequence()));
    if (dot.author().equals(self)) {
      sequence = Math.max(sequence, dot.sequence());
    }
    seenNow = null;
  }

  private boolean merge(Entry entry) {
    see(entry.dot());
    clock.follow(entry.body().time());
    var slot = slots.get(entry.body().key());
    var merge =
        slot == null
            ? Merge.of(null, VectorClock.EMPTY, entry)
            : Merge.of(slot.entry, slot.context, entry);
    if (merge.loser() != null) {
      conflicts.add(merge.loser());
      if (conflicts.size() > MAX_CONFLICTS) {
        conflicts.remove();
      }
    }
    if (!merge.wins() && slot != null) {
      slots.put(entry.body().key(), new Slot(slot.index, slot.entry, merge.context()));
      return false;
    }
    if (slot != null) {
      unlink(slot);
    }
    slots.put(entry.body().key(), new Slot(++newest, entry, merge.context()));
    changes.put(newest, entry);
    authors
        .computeIfAbsent(entry.body().author(), a -> new TreeMap<>())
        .put(entry.body().sequence(), entry);
    return true;
  }

  private void unlink(Slot slot) {
    changes.remove(slot.index);
    var of = authors.get(slot.entry.body().author());
    if (of != null) {
      of.remove(slot.entry.body().sequence());
    }
  }
}
