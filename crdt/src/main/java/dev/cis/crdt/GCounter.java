package dev.cis.crdt;

import dev.cis.kernel.identity.NodeId;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A counter that only grows (Shapiro et al. 2011, section 3.1.1): each node counts for itself, the
 * value is the sum, merging takes the maximum of each. Immutable.
 */
public final class GCounter {
  /** Nothing counted. */
  public static final GCounter ZERO = new GCounter(new TreeMap<>());

  private final SortedMap<NodeId, Long> counts;

  private GCounter(SortedMap<NodeId, Long> counts) {
    this.counts = counts;
  }

  /** The counter with these counts, none negative. */
  public static GCounter of(Map<NodeId, Long> counts) {
    for (long count : counts.values()) {
      checkAmount(count);
    }
    return new GCounter(new TreeMap<>(counts));
  }

  /**
   * The delta by which one node counts on: merge it into any replica. Only the node itself may make
   * its deltas, one after the other, each from the state that includes the one before.
   *
   * @throws ArithmeticException when the node's count exceeds 64 bits
   */
  public GCounter add(NodeId node, long amount) {
    checkAmount(amount);
    var delta = new TreeMap<NodeId, Long>();
    delta.put(node, Math.addExact(counts.getOrDefault(node, 0L), amount));
    return new GCounter(delta);
  }

  private static void checkAmount(long amount) {
    if (amount < 0) {
      throw new IllegalArgumentException("a grow-only counter cannot count " + amount);
    }
  }

  /**
   * The sum.
   *
   * @throws ArithmeticException when it exceeds 64 bits
   */
  public long value() {
    return counts.values().stream().mapToLong(Long::longValue).reduce(0, Math::addExact);
  }

  /** Each node's count; cannot be changed. */
  public SortedMap<NodeId, Long> counts() {
    return Collections.unmodifiableSortedMap(counts);
  }

  /** The maximum of each count. */
  public GCounter merge(GCounter other) {
    var next = new TreeMap<>(counts);
    other.counts.forEach((node, count) -> next.merge(node, count, Math::max));
    return new GCounter(next);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GCounter that && counts.equals(that.counts);
  }

  @Override
  public int hashCode() {
    return counts.hashCode();
  }

  @Override
  public String toString() {
    return "GCounter[" + counts.size() + " nodes]";
  }
}
