package dev.cis.gossip.proto;

import dev.cis.kernel.identity.NodeId;

/** What can happen to a {@link GossipMachine}. */
public sealed interface GossipInput {
  /** A neighbour is there; saying so again changes nothing. */
  record PeerUp(NodeId peer) implements GossipInput {}

  /** It is gone. */
  record PeerDown(NodeId peer) implements GossipInput {}

  /**
   * A frame came. Signatures in it are verified already.
   *
   * @param from the neighbour that sent it
   * @param frame what it says
   */
  record Received(NodeId from, GossipFrame frame) implements GossipInput {}

  /** This node tells a topic. */
  record Publish(Rumour rumour) implements GossipInput {}

  /**
   * How large the network is thought to be, for the number of eager links.
   *
   * @param nodes known nodes, this one included
   */
  record NetworkSize(int nodes) implements GossipInput {}
}
