package dev.cis.nat;

import dev.cis.transport.Address;
import java.util.List;

/**
 * Settings of how this node learns how the network treats it, {@code [nat]} in the configuration
 * file.
 *
 * @param stun STUN servers (RFC 8489) that are asked, at most 16; none stands for the anchors,
 *     which answer on their QUIC port. A server with two addresses (RFC 5780) can tell more than
 *     others
 */
public record NatConfig(List<Address> stun) {
  /** The defaults: ask the anchors. */
  public static final NatConfig DEFAULT = new NatConfig(List.of());

  /** Checks the values. */
  public NatConfig {
    stun = List.copyOf(stun);
    if (stun.size() > 16) {
      throw new IllegalArgumentException("at most 16 servers");
    }
  }
}
