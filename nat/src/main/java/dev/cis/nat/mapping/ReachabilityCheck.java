package dev.cis.nat.mapping;

import dev.cis.transport.Address;

/** Finds out whether others really get to an address of ours. */
@FunctionalInterface
public interface ReachabilityCheck {
  /** What was found. */
  enum Verdict {
    /** A packet from elsewhere came. */
    REACHED,
    /** It was sent and did not come. */
    SILENT,
    /** Nobody could be asked. */
    UNKNOWN
  }

  /** For a node that knows nobody to ask. */
  ReachabilityCheck NONE = address -> Verdict.UNKNOWN;

  /** Tries it; blocks for some seconds. */
  Verdict check(Address external);
}
