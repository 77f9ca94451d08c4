package dev.cis.nat;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Kind;

/** The codes of this room. */
public enum NatCode implements Code {
  BAD_QUESTION(
      "nat.bad-question",
      Kind.INVALID,
      "A question for dial-back was shorter than what it would lead to, or was not answered."),
  BAD_OFFER(
      "nat.bad-offer",
      Kind.INVALID,
      "A peer did not answer where it may be reached, so no direct path was looked for; the relayed"
          + " connection goes on."),
  RELAY_REFUSED(
      "nat.relay-refused",
      Kind.UNREACHABLE,
      "A relay would not join two nodes or hold a place; the message says why. Another anchor may."),
  NO_SOCKET(
      "nat.no-socket",
      Kind.EXHAUSTED,
      "An anchor needs a second UDP socket to test whether others can be reached; raise 'ulimit -n'"
          + " or set anchor.dial_back = false."),
  TURN_UNREACHABLE(
      "nat.turn-unreachable",
      Kind.UNREACHABLE,
      "A TURN server could not be reached, did not answer, or closed the connection; try TCP where"
          + " UDP is blocked."),
  TURN_REFUSED(
      "nat.turn-refused",
      Kind.DENIED,
      "A TURN server refused: wrong user or password, no room, or a rule of its own.");

  private final String text;
  private final Kind kind;
  private final String help;

  NatCode(String text, Kind kind, String help) {
    this.text = text;
    this.kind = kind;
    this.help = help;
  }

  @Override
  public String text() {
    return text;
  }

  @Override
  public Kind kind() {
    return kind;
  }

  @Override
  public String help() {
    return help;
  }
}
