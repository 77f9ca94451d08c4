package dev.cis.discovery.proto;

import dev.cis.kernel.identity.NodeId;

/** What can happen to the {@link Scheduler}. */
public sealed interface SchedulerInput {
  /** Somebody was found, again or for the first time. */
  record Found(Candidate candidate) implements SchedulerInput {}

  /** A candidate is no longer announced. */
  record Lost(Candidate candidate) implements SchedulerInput {}

  /** The dial of a candidate worked; this is who answered. */
  record Reached(Candidate candidate, NodeId node) implements SchedulerInput {}

  /** The dial of a candidate failed. */
  record Failed(Candidate candidate) implements SchedulerInput {}

  /** Somebody answered and would have nothing to do with us: it is of another realm. */
  record Refused(Candidate candidate) implements SchedulerInput {}

  /** A connection with a member is there, whoever dialled. */
  record Connected(NodeId node) implements SchedulerInput {}

  /** It is gone. */
  record Disconnected(NodeId node, String reason) implements SchedulerInput {}

  /** A connection with an anchor that is no member is there. */
  record AnchorUp(NodeId node) implements SchedulerInput {}

  /** It is gone. */
  record AnchorDown(NodeId node, String reason) implements SchedulerInput {}

  /** Interfaces came or went: what failed may work now. */
  record NetworkChanged() implements SchedulerInput {}

  /** Somebody wants more peers: everyone not connected is dialled once, every source is asked. */
  record Triggered(String reason) implements SchedulerInput {}
}
