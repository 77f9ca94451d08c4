package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;

/** What this node tells the DHT again and again. Kept over restarts, apart from the first. */
public sealed interface Publication {
  /** Where it belongs. */
  NodeId key();

  /** How this node is reached. */
  record OwnRecord(NodeId key) implements Publication {}

  /** That this node provides what a key stands for. */
  record Provided(NodeId key) implements Publication {}

  /** A value: {@link Item.Mutable} or {@link Item.Immutable}. */
  record Value(Item item) implements Publication {
    @Override
    public NodeId key() {
      return item.key();
    }
  }
}
