package dev.cis.crdt;

/** How one write stands to another in the happened-before order (Lamport 1978). */
public enum Causality {
  /** The other knew of this one. */
  BEFORE,
  /** This one knew of the other. */
  AFTER,
  /** They are the same. */
  EQUAL,
  /** Neither knew of the other. */
  CONCURRENT
}
