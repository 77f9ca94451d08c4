package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import java.util.List;

/**
 * Where might this node be? Implemented by discovery, DHT and others; the swarm asks all of them
 * when its address book does not lead to the peer.
 */
public interface AddressSource {
  /** A short name for messages: {@code mdns}, {@code dht}. */
  String name();

  /** When a search asks a source. */
  enum Haste {
    /** Almost at once: beside a neighbour that answers, it is likely to be the only way. */
    FIRST,
    /** When the first address of the book has not answered soon. */
    BESIDE,
    /** When the book leads nowhere. */
    LAST
  }

  /** When to ask this one where the node is; whoever has no address at all asks every one. */
  default Haste haste(NodeId node) {
    return Haste.LAST;
  }

  /** Addresses of the node, possibly none. May block up to {@code within}. */
  List<Address> find(NodeId node, Duration within);
}
