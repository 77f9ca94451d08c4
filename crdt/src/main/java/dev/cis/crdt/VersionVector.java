package dev.cis.crdt;

import dev.cis.kernel.identity.NodeId;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

/**
 * A set of dots, kept as ranges per author: a version vector with exceptions (Malkhi and Terry
 * 2005; the causal context of Almeida et al. 2018). It never claims a dot because a later one is
 * there. Immutable.
 */
public final class VersionVector {
  /** No dots. */
  public static final VersionVector EMPTY = new VersionVector(new HashMap<>());

  private final Map<NodeId, Ranges> ranges;

  private VersionVector(Map<NodeId, Ranges> ranges) {
    this.ranges = ranges;
  }

  /** The dots with these authors and counts. */
  public static VersionVector of(Map<NodeId, Ranges> ranges) {
    var copy = new HashMap<>(ranges);
    copy.values().removeIf(Ranges::isEmpty);
    return copy.isEmpty() ? EMPTY : new VersionVector(copy);
  }

  /** What is seen of one author. */
  public Ranges of(NodeId author) {
    return ranges.getOrDefault(author, Ranges.EMPTY);
  }

  /** All of it; cannot be changed. */
  public Map<NodeId, Ranges> ranges() {
    return Collections.unmodifiableMap(ranges);
  }

  /** Whether there are no dots. */
  public boolean isEmpty() {
    return ranges.isEmpty();
  }

  /** How many dots there are. */
  public long size() {
    return ranges.values().stream().mapToLong(Ranges::size).sum();
  }

  /** Whether the dot is there. */
  public boolean contains(Dot dot) {
    return of(dot.author()).contains(dot.sequence());
  }

  /** With one dot more. */
  public VersionVector with(Dot dot) {
    var before = of(dot.author());
    var after = before.with(dot.sequence());
    if (after.equals(before)) {
      return this;
    }
    var next = new HashMap<>(ranges);
    next.put(dot.author(), after);
    return new VersionVector(next);
  }

  /** The dots in either. */
  public VersionVector union(VersionVector other) {
    if (other.isEmpty()) {
      return this;
    }
    if (isEmpty()) {
      return other;
    }
    var next = new HashMap<>(ranges);
    other.ranges.forEach((author, theirs) -> next.merge(author, theirs, Ranges::union));
    return new VersionVector(next);
  }

  /** The dots that are here and not in the other. */
  public VersionVector minus(VersionVector other) {
    if (other.isEmpty()) {
      return this;
    }
    var next = new HashMap<NodeId, Ranges>();
    ranges.forEach((author, mine) -> {
      var rest = mine.minus(other.of(author));
      if (!rest.isEmpty()) {
        next.put(author, rest);
      }
    });
    return next.isEmpty() ? EMPTY : new VersionVector(next);
  }

  /** Whether every dot of the other is here. */
  public boolean containsAll(VersionVector other) {
    for (var entry : other.ranges.entrySet()) {
      if (!of(entry.getKey()).containsAll(entry.getValue())) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VersionVector that && ranges.equals(that.ranges);
  }

  @Override
  public int hashCode() {
    return ranges.hashCode();
  }

  @Override
  public String toString() {
    var text = new StringBuilder("{");
    ranges.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(e ->
            text.append(text.length() > 1 ? ", " : "")
                .append(e.getKey().brief())
                .append(e.getValue()));
    return text.append('}').toString();
  }
}
