package dev.cis.dht;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Kind;

/** The codes of this room. */
public enum DhtCode implements Code {
  BUSY(
      "dht.busy",
      Kind.EXHAUSTED,
      "As many lookups or requests run as are allowed; try again, or raise dht.lookups."),
  NOT_SERVED(
      "dht.not-served",
      Kind.DENIED,
      "The node serves the DHT only to its own LAN, and the asker is outside."),
  CANNOT_SAVE(
      "dht.cannot-save",
      Kind.INTERNAL,
      "The routing table could not be written; check space and permissions of the data directory."),
  CLOSED("dht.closed", Kind.UNREACHABLE, "This node is stopping.");

  private final String text;
  private final Kind kind;
  private final String help;

  DhtCode(String text, Kind kind, String help) {
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
