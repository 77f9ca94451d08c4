package dev.cis.crdt;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Kind;

/** The codes of this room. */
public enum CrdtCode implements Code {
  CLOCK_AHEAD(
      "crdt.clock-ahead",
      Kind.INVALID,
      "A timestamp lies too far in the future; set the clocks of both nodes, for example by NTP."),
  CLOCK_EXHAUSTED(
      "crdt.clock-exhausted",
      Kind.EXHAUSTED,
      "The hybrid clock has no later time; the database was written with a clock gone mad.");

  private final String text;
  private final Kind kind;
  private final String help;

  CrdtCode(String text, Kind kind, String help) {
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
