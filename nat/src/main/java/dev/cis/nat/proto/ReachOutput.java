package dev.cis.nat.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import java.util.List;

/** What is to be done to know where this node can be reached. */
public sealed interface ReachOutput {
  /** Asks an anchor to send a datagram to the port of this address. Answered by one input. */
  record Ask(NodeId anchor, Address address) implements ReachOutput {}

  /** Something is known otherwise than before. */
  record Changed(List<AddressState> addresses) implements ReachOutput {}
}
