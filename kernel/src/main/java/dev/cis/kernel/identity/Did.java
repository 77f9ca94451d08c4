package dev.cis.kernel.identity;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import java.util.regex.Pattern;

/**
 * A decentralized identifier (W3C DID Core, section 3.1) of method {@code cis}. {@code
 * did:cis:<NodeId>} is self-certifying; {@code did:cis:<name>} is an alias, which the address book
 * pins to a NodeId on first contact.
 *
 * @param name the part after {@code did:cis:}: a NodeId in its text form, or a node's name
 */
public record Did(String name) {
  private static final String PREFIX = "did:cis:";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  /** Checks the name. */
  public Did {
    if (!NAME.matcher(name).matches()) {
      throw new Fault(
          KernelCode.BAD_IDENTITY,
          "'" + Base32.printable(name) + "' is no name for a DID: letters, digits, '.', '_', '-'");
    }
  }

  /** The self-certifying DID of a node. */
  public static Did of(NodeId node) {
    return new Did(node.toString());
  }

  /** Whether the text begins as a DID of this method does. */
  public static boolean isDid(String text) {
    return text.startsWith(PREFIX);
  }

  /** Reads {@code did:cis:<name>}. */
  public static Did parse(String text) {
    if (!isDid(text)) {
      throw new Fault(
          KernelCode.BAD_IDENTITY,
          "'" + Base32.printable(text) + "' is not a DID of cis: it begins with " + PREFIX);
    }
    return new Did(text.substring(PREFIX.length()));
  }

  /** Whether the name is itself a NodeId, so that nothing has to be looked up or believed. */
  public boolean isSelfCertifying() {
    return NodeId.isNodeId(name);
  }

  @Override
  public String toString() {
    return PREFIX + name;
  }
}
