package dev.cis.gossip;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Kind;

/** The codes of this room. */
public enum GossipCode implements Code {
  BAD_MESSAGE(
      "gossip.bad-message",
      Kind.INVALID,
      "A topic has 1 to 128 bytes without control characters, a payload at most 256 KiB, the time"
          + " to live is 0 to 255, the probability above 0 and up to 1."),
  BUSY(
      "gossip.busy",
      Kind.EXHAUSTED,
      "This node has more messages or subscriptions in hand than it can serve; try again later."),
  CLOSED("gossip.closed", Kind.UNREACHABLE, "This node is stopping.");

  private final String text;
  private final Kind kind;
  private final String help;

  GossipCode(String text, Kind kind, String help) {
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
