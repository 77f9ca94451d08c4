package dev.cis.crdt;

import dev.cis.kernel.identity.NodeId;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * For each author the latest of its writes that was known (Fidge 1988, Mattern 1989). Counts are
 * positive; an absent author counts as 0. Immutable.
 */
public final class VectorClock {
  /** Knows of nothing. */
  public static final VectorClock EMPTY = new VectorClock(new TreeMap<>());

  private final SortedMap<NodeId, Long> counts;

  private VectorClock(SortedMap<NodeId, Long> counts) {
    this.counts = counts;
  }

  /** The clock with these counts. */
  public static VectorClock of(SortedMap<NodeId, Long> counts) {
    for (long count : counts.values()) {
      if (count < 1) {
        throw new IllegalArgumentException("a vector clock counts from 1, not " + count);
      }
    }
    return counts.isEmpty() ? EMPTY : new VectorClock(new TreeMap<>(counts));
  }

  /** The count of one author. */
  public long get(NodeId author) {
    return counts.getOrDefault(author, 0L);
  }

  /** Whether the write is among those known. */
  public boolean covers(Dot dot) {
    return get(dot.author()) >= dot.sequence();
  }

  /** How many authors it names. */
  public int size() {
    return counts.size();
  }

  /** All counts; cannot be changed. */
  public SortedMap<NodeId, Long> counts() {
    return Collections.unmodifiableSortedMap(counts);
  }

  /** The clock that also knows of this write. */
  public VectorClock with(Dot dot) {
    if (covers(dot)) {
      return this;
    }
    var next = new TreeMap<>(counts);
    next.put(dot.author(), dot.sequence());
    return new VectorClock(next);
  }

  /** The clock that knows what either knows. */
  public VectorClock merge(VectorClock other) {
    if (other.counts.isEmpty()) {
      return this;
    }
    if (counts.isEmpty()) {
      return other;
    }
    var next = new TreeMap<>(counts);
    other.counts.forEach((author, count) -> next.merge(author, count, Math::max));
    return new VectorClock(next);
  }

  /** How this clock stands to the other. */
  public Causality compare(VectorClock other) {
    boolean more = exceeds(other);
    boolean less = other.exceeds(this);
    if (more) {
      return less ? Causality.CONCURRENT : Causality.AFTER;
    }
    return less ? Causality.BEFORE : Causality.EQUAL;
  }

  private boolean exceeds(VectorClock other) {
    for (var entry : counts.entrySet()) {
      if (entry.getValue() > other.get(entry.getKey())) {
        return true;
      }
    }
    return false;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VectorClock that && counts.equals(that.counts);
  }

  @Override
  public int hashCode() {
    return counts.hashCode();
  }

  @Override
  public String toString() {
    var text = new StringBuilder("{");
    counts.forEach((author, count) ->
        text.append(text.length() > 1 ? ", " : "").append(author.brief() + ":" + count));
    return text.append('}').toString();
  }
}
