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

  /**
   * Whether it is worth asking beside the addresses of the book, when the first of them has not
   * answered at once; the others are asked when the book leads nowhere.
   */
  default boolean isEager() {
    return false;
  }

  /** Addresses of the node, possibly none. May block up to {@code within}. */
  List<Address> find(NodeId node, Duration within);
}
