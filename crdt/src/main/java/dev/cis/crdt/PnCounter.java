package dev.cis.crdt;

import dev.cis.kernel.identity.NodeId;

/**
 * A counter that goes up and down (Shapiro et al. 2011, section 3.1.3): one that grows for each
 * direction. Immutable.
 *
 * @param up what was added
 * @param down what was taken away
 */
public record PnCounter(GCounter up, GCounter down) {
  /** Nothing counted. */
  public static final PnCounter ZERO = new PnCounter(GCounter.ZERO, GCounter.ZERO);

  /** The delta by which one node counts on; see {@link GCounter#add}. */
  public PnCounter add(NodeId node, long amount) {
    return amount >= 0
        ? new PnCounter(up.add(node, amount), GCounter.ZERO)
        : new PnCounter(GCounter.ZERO, down.add(node, Math.negateExact(amount)));
  }

  /** What was added less what was taken away. */
  public long value() {
    return Math.subtractExact(up.value(), down.value());
  }

  /** The maximum of each count. */
  public PnCounter merge(PnCounter other) {
    return new PnCounter(up.merge(other.up), down.merge(other.down));
  }
}
