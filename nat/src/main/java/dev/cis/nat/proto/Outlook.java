package dev.cis.nat.proto;

import dev.cis.nat.proto.NatBehaviour.Dependence;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What the behaviour of routers means for whoever wants to be reached (RFC 4787 section 4.1, RFC
 * 5128 section 3.3). The best first.
 */
public enum Outlook {
  /** A public address, and everybody is let in. */
  OPEN(
      "Others can reach you directly: this machine has a public address and nothing keeps them out."),
  /** A router forwards the port. */
  FORWARDED("Others can reach you directly: your router lets them through to this node."),
  /** A full cone. */
  LET_IN(
      "Others can reach you directly at your outside address: your router lets in everybody once"
          + " this node has sent something."),
  /** A public address behind a firewall. */
  WALLED(
      "Others can reach you directly through hole punching: this machine has a public address"
          + " behind a firewall."),
  /** The usual home router. */
  PUNCHED("Others can reach you directly through hole punching."),
  /** A public address, and nothing is known of firewalls. */
  PUBLIC(
      "This machine has a public address; whether a firewall stands before it is not known: 'cis"
          + " p2p reachable' asks."),
  /** A mapping that changes with the destination. */
  SYMMETRIC(
      "Your router uses another outside port for each destination: others reach you directly only"
          + " if they are public or their router lets in everybody, else through a relay."),
  /** UDP works, and no more is known. */
  UNKNOWN(
      "UDP works, but how your router treats it is not known: name a STUN server with nat.stun."),
  /** No UDP. */
  BLOCKED("UDP is blocked: connections have to go through a TURN server over TCP."),
  /** Nobody to ask. */
  NOBODY_ASKED(
      "Nothing is known, for there was nobody to ask: connect to an anchor, or name a STUN server"
          + " with nat.stun.");

  private final String sentence;

  Outlook(String sentence) {
    this.sentence = sentence;
  }

  /** The meaning in one sentence, for people. */
  public String sentence() {
    return sentence;
  }

  /**
   * The best that the families allow.
   *
   * @param families what was found out for each
   * @param otherUdp whether UDP is known to work by other means, such as live connections
   * @param forwarded whether a router forwards the port, and that port is public
   */
  public static Outlook of(List<NatBehaviour> families, boolean otherUdp, boolean forwarded) {
    if (forwarded) {
      var best = best(families);
      return best.filter(o -> o == OPEN).orElse(FORWARDED);
    }
    boolean asked = families.stream().anyMatch(family -> !family.servers().isEmpty());
    return best(families).orElse(otherUdp ? UNKNOWN : asked ? BLOCKED : NOBODY_ASKED);
  }

  private static Optional<Outlook> best(List<NatBehaviour> families) {
    return families.stream()
        .filter(NatBehaviour::answered)
        .map(Outlook::of)
        .min(Comparator.naturalOrder());
  }

  private static Outlook of(NatBehaviour family) {
    var filtering = family.filtering();
    boolean letsIn = filtering.is(Dependence.ENDPOINT_INDEPENDENT);
    boolean keepsOut = !filtering.possible().contains(Dependence.ENDPOINT_INDEPENDENT);
    if (!family.translated().orElse(true)) {
      return letsIn ? OPEN : keepsOut ? WALLED : PUBLIC;
    }
    if (family.mapping().is(Dependence.ENDPOINT_INDEPENDENT)) {
      return letsIn ? LET_IN : PUNCHED;
    }
    boolean changes = !family.mapping().possible().contains(Dependence.ENDPOINT_INDEPENDENT);
    return changes ? SYMMETRIC : UNKNOWN;
  }
}
