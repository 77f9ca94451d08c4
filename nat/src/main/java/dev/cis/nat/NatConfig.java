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
 * @param turn TURN servers (RFC 8656), at most 4: where no UDP gets out, the first that answers by
 *     TCP carries everything that leaves the local network
 * @param turnUser the account on them
 * @param turnPassword of the account; whoever can read the file can read it
 */
public record NatConfig(
    List<Address> stun, List<Address> turn, String turnUser, String turnPassword) {
  /** The defaults: ask the anchors. */
  public static final NatConfig DEFAULT = new NatConfig(List.of(), List.of(), "", "");

  /** Checks the values. */
  public NatConfig {
    stun = List.copyOf(stun);
    turn = List.copyOf(turn);
    if (stun.size() > 16 || turn.size() > 4) {
      throw new IllegalArgumentException("at most 16 STUN and 4 TURN servers");
    }
    if (!turn.isEmpty() && turnUser.isEmpty()) {
      throw new IllegalArgumentException("TURN servers want an account: set nat.turn_user");
    }
  }
}
