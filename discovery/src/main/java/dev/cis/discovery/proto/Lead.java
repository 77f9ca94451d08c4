package dev.cis.discovery.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/** A candidate and what became of it. */
final class Lead {
  static final Comparator<Lead> BEST =
      Comparator.comparingInt((Lead lead) -> lead.failures)
          .thenComparing(lead -> lead.candidate.source())
          .thenComparingDouble(lead -> lead.order);

  Candidate candidate;
  boolean dialling;
  boolean everReached;

  /** It is to be dialled once though there are enough. */
  boolean asked;

  int failures;
  long restUntil;

  /** Random among equals. */
  final double order;

  /** Who answered there last; for a NodeId key, that node. */
  @Nullable NodeId node;

  Lead(Candidate candidate, double order) {
    this.candidate = candidate;
    this.order = order;
    this.node = NodeId.isNodeId(candidate.key()) ? parse(candidate.key()) : null;
  }

  private static @Nullable NodeId parse(String key) {
    try {
      return NodeId.parse(key);
    } catch (Fault e) {
      return null; // 52 characters that end in unused bits
    }
  }
}
