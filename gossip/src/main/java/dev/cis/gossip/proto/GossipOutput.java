package dev.cis.gossip.proto;

import dev.cis.kernel.identity.NodeId;

/** What a {@link GossipMachine} wants done. */
public sealed interface GossipOutput {
  /** Send a frame to a neighbour; it may get lost. */
  record Send(NodeId to, GossipFrame frame) implements GossipOutput {}

  /**
   * A rumour is here for the first time; each is delivered once.
   *
   * @param rumour what was said
   * @param hops links it crossed, 0 for this node's own
   */
  record Deliver(Rumour rumour, int hops) implements GossipOutput {}

  /**
   * The answer to {@code Publish}, behind its sends.
   *
   * @param id the rumour
   * @param peers to how many neighbours it was sent at once
   */
  record Published(RumourId id, int peers) implements GossipOutput {}

  /** A rumour was refused. */
  record Refused(NodeId from, RumourId id, Reason reason) implements GossipOutput {}

  /** Why a rumour was refused. */
  enum Reason {
    /** Published longer ago than rumours live. */
    STALE,
    /** Published in the future: some clock is wrong. */
    FUTURE,
    /** Not newer than a rumour of the same author that was delivered and forgotten. */
    REPLAY
  }
}
