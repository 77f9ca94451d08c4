package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import java.util.List;
import java.util.SortedMap;

/**
 * The part of our peer record that others decide; the swarm adds identity, protocols and addresses
 * of its sockets.
 *
 * @param name what the operator calls this node
 * @param labels the node's labels
 * @param roles what it does for others
 * @param external further addresses: configured, mapped or observed
 * @param relays nodes that relay for us, at most 4
 */
public record PeerDescription(
    String name,
    SortedMap<String, String> labels,
    List<String> roles,
    List<Address> external,
    List<NodeId> relays) {
  /** The description of a node that needs no relays. */
  public PeerDescription(
      String name, SortedMap<String, String> labels, List<String> roles, List<Address> external) {
    this(name, labels, roles, external, List.of());
  }
}
