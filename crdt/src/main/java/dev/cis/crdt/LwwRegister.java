package dev.cis.crdt;

import dev.cis.kernel.identity.NodeId;

/**
 * A value of which the latest write wins (Shapiro et al. 2011, section 3.2.1), by time and then by
 * author. A node stamps each of its writes with another time, so that no two writes compare equal.
 *
 * @param value what was written
 * @param time when
 * @param author by whom
 * @param <V> the value
 */
public record LwwRegister<V>(V value, HybridTime time, NodeId author) {
  /** The later of the two writes. */
  public LwwRegister<V> merge(LwwRegister<V> other) {
    return compareStamps(time, author, other.time, other.author) >= 0 ? this : other;
  }

  /** Orders writes: above 0 when the first one wins. */
  public static int compareStamps(HybridTime time, NodeId author, HybridTime other, NodeId by) {
    int byTime = time.compareTo(other);
    return byTime != 0 ? byTime : author.compareTo(by);
  }
}
