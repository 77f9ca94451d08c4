package dev.cis.api;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Kind;

/** The codes of this room. */
public enum ApiCode implements Code {
  MALFORMED(
      "api.malformed",
      Kind.INVALID,
      "A request is not a JSON object of the expected fields; the message names the field."),
  UNKNOWN_REQUEST(
      "api.unknown-request",
      Kind.INVALID,
      "The daemon does not know the request; client and daemon may be of different versions."),
  TOO_LARGE(
      "api.too-large", Kind.INVALID, "A frame at the control socket is larger than its limit."),
  BUSY(
      "api.busy",
      Kind.EXHAUSTED,
      "The daemon serves as many requests as it may; end a command that runs and try again."),
  NO_DAEMON(
      "api.no-daemon",
      Kind.UNREACHABLE,
      "No daemon runs for the data directory; start it with 'cis p2p start'."),
  DAEMON_LOST(
      "api.daemon-lost",
      Kind.UNREACHABLE,
      "The daemon ended or closed the connection before it answered; daemon.log may say why."),
  NO_SUCH_NODE(
      "api.no-such-node",
      Kind.NOT_FOUND,
      "No known node has that id, name or DID; see 'cis p2p peers'."),
  AMBIGUOUS_NODE(
      "api.ambiguous-node",
      Kind.INVALID,
      "Several nodes have that prefix or name; write more characters of the id."),
  NO_SUCH_KEY("api.no-such-key", Kind.NOT_FOUND, "The memory has no live entry under that key."),
  NOT_CONNECTED(
      "api.not-connected", Kind.UNREACHABLE, "There is no connection to the node to work with."),
  NOT_THIS_NODE(
      "api.not-this-node",
      Kind.DENIED,
      "The setting belongs to another node; run the command on that node."),
  NO_DHT("api.no-dht", Kind.CONFLICT, "The DHT is off; start the node with --dht."),
  NO_SUCH_VALUE(
      "api.no-such-value",
      Kind.NOT_FOUND,
      "No node that was asked keeps a value under that key; it may have run out after 24 hours."),
  NO_PROVIDER(
      "api.no-provider",
      Kind.NOT_FOUND,
      "No other member of the realm provides that namespace, or none has said so within a day; a"
          + " node is found by its whole NodeId."),
  NOT_STORED(
      "api.not-stored",
      Kind.UNREACHABLE,
      "No node took it: nobody is connected, or all refused; see 'cis dht table'.");

  private final String text;
  private final Kind kind;
  private final String help;

  ApiCode(String text, Kind kind, String help) {
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
