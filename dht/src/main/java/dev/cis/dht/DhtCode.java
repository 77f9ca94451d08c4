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
  TOO_LARGE(
      "dht.too-large",
      Kind.INVALID,
      "A value has at most 1,000 bytes, a salt 64, a namespace 256; put what is larger elsewhere and"
          + " its hash here."),
  CONFLICT(
      "dht.conflict",
      Kind.CONFLICT,
      "The value in the DHT has another sequence than the writer expected, or one that is not"
          + " lower; read it again and write with a higher one."),
  BAD_TOKEN(
      "dht.bad-token",
      Kind.DENIED,
      "A store came with a token that was given to another node, at another address, or too long"
          + " ago; the sender has to ask again before it stores."),
  BAD_RECORD(
      "dht.bad-record",
      Kind.INVALID,
      "A record lies about its key, signature, sequence or expiry; it was not kept."),
  FULL(
      "dht.full",
      Kind.EXHAUSTED,
      "The node keeps as many records as it may, of everybody or of this sender; others keep it"
          + " instead."),
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
