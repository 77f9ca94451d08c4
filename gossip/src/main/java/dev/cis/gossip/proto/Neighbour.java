package dev.cis.gossip.proto;

import dev.cis.kernel.identity.NodeId;

/** A peer with a connection, and what it may still ask of us. */
final class Neighbour {
  /** Most rumours answered in a row; a peer that returns asks for many at once. */
  private static final double BURST = 2_048;

  /** Rumours answered per second in the long run. */
  private static final double PER_SECOND = 256;

  final NodeId id;

  /** Its bit in {@link Heard.Entry#holders}. */
  final int slot;

  private double allowance = BURST;
  private long grantedAt;

  Neighbour(NodeId id, int slot, long now) {
    this.id = id;
    this.slot = slot;
    this.grantedAt = now;
  }

  /** Takes one answer off its allowance; false when there is none left. */
  boolean mayAsk(long now) {
    allowance = Math.min(BURST, allowance + (now - grantedAt) * 1e-9 * PER_SECOND);
    grantedAt = now;
    if (allowance < 1) {
      return false;
    }
    allowance--;
    return true;
  }
}
