package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.Did;
import dev.cis.kernel.identity.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * A peer as people write it: {@code host:port}, {@code NODE@host:port} or {@code
 * did:cis:...@host:port}; a missing port is {@link Address#DEFAULT_PORT}.
 *
 * @param node who must answer there, null if anybody may
 * @param alias the name in a DID that is not a NodeId, empty if none; to be pinned to whoever
 *     answers first
 * @param address where
 */
public record PeerLocator(@Nullable NodeId node, String alias, Address address) {
  /**
   * Reads the text form.
   *
   * @throws Fault {@code transport.bad-address}
   */
  public static PeerLocator parse(String text) {
    int at = text.lastIndexOf('@');
    var address = Address.parse(text.substring(at + 1));
    if (at < 0) {
      return new PeerLocator(null, "", address);
    }
    var who = text.substring(0, at);
    try {
      var name = Did.isDid(who) ? Did.parse(who).name() : who;
      if (NodeId.isNodeId(name)) {
        return new PeerLocator(NodeId.parse(name), "", address);
      }
      if (Did.isDid(who)) {
        return new PeerLocator(null, name, address);
      }
    } catch (Fault e) {
      if (e.kind() != Kind.INVALID) {
        throw e;
      }
    }
    throw new Fault(
        TransportCode.BAD_ADDRESS,
        "'"
            + who.substring(0, Math.min(who.length(), 80)).replaceAll("\\p{Cntrl}", "?")
            + "' before the '@' is neither a NodeId of 52 characters nor a did:cis:...");
  }

  @Override
  public String toString() {
    if (node != null) {
      return node + "@" + address;
    }
    return alias.isEmpty() ? address.toString() : new Did(alias) + "@" + address;
  }
}
