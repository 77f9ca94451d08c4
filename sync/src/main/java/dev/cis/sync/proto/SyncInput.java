package dev.cis.sync.proto;

import dev.cis.kernel.identity.NodeId;
import java.util.List;

/** What can happen to the {@link SyncMachine}. */
public sealed interface SyncInput {
  /** A connection to the peer is there. */
  record PeerUp(NodeId peer) implements SyncInput {}

  /** It is gone. */
  record PeerDown(NodeId peer) implements SyncInput {}

  /** The node itself wrote these; they are durable. */
  record Written(List<Entry> entries) implements SyncInput {}

  /** Gossip brought these. */
  record Pushed(List<Entry> entries) implements SyncInput {}

  /** A message of an exchange came. */
  record Received(NodeId from, SyncMessage message) implements SyncInput {}

  /**
   * Someone wants an exchange now.
   *
   * @param ticket comes back in {@link SyncOutput.Finished}
   */
  record Start(NodeId peer, boolean full, long ticket) implements SyncInput {}

  /** The way on which the exchange that we lead was made is gone. */
  record Broken(NodeId peer, long exchange, String why) implements SyncInput {}
}
