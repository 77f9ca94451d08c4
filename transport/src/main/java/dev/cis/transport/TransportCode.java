package dev.cis.transport;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Kind;

/** The codes of this room. */
public enum TransportCode implements Code {
  BAD_PROTOCOL_ID(
      "transport.bad-protocol-id",
      Kind.INVALID,
      "A protocol id does not have the form /<org>/<domain>/<feature>/<major>.<minor>."),
  BAD_ADDRESS(
      "transport.bad-address",
      Kind.INVALID,
      "An address is not host:port, NODE@host:port, did:cis:...@host:port or [ipv6]:port."),
  BAD_RECORD(
      "transport.bad-record",
      Kind.INVALID,
      "A peer record is too large, expired, or not signed by the node that it describes."),
  PORT_IN_USE(
      "transport.port-in-use",
      Kind.CONFLICT,
      "Another program has the UDP port; stop it or choose another with --listen."),
  CANNOT_BIND(
      "transport.cannot-bind",
      Kind.INVALID,
      "The listen address is not an address of this machine, or may not be used."),
  NO_ADDRESS(
      "transport.no-address",
      Kind.UNREACHABLE,
      "No address of the peer is known; give one with 'cis p2p add-peer' or wait for discovery."),
  DIAL_FAILED(
      "transport.dial-failed",
      Kind.UNREACHABLE,
      "No address of the peer answered; the message lists each address and why."),
  DIAL_TIMEOUT(
      "transport.dial-timeout",
      Kind.TIMEOUT,
      "The peer did not answer within the time for dialling; it may be off or behind a firewall."),
  BACKING_OFF(
      "transport.backing-off",
      Kind.UNREACHABLE,
      "The peer could not be reached a moment ago, or a user disconnected it, and is left alone for"
          + " now; 'cis p2p connect' dials at once."),
  WRONG_IDENTITY(
      "transport.wrong-identity",
      Kind.DENIED,
      "Another node answers at that address; remove the stale address or check what it is."),
  WRONG_ALPN(
      "transport.wrong-alpn",
      Kind.DENIED,
      "The other side does not speak cis/1.0; it is another program or a newer major version."),
  NO_CERTIFICATE(
      "transport.no-certificate",
      Kind.DENIED,
      "The other side did not present a certificate that proves its NodeId."),
  REFUSED(
      "transport.refused",
      Kind.DENIED,
      "The peer does not admit this node: it shares no realm with us, or shuts us out; ask its"
          + " operator for an invitation."),
  NOT_ADMITTED(
      "transport.not-admitted",
      Kind.DENIED,
      "This node does not admit the peer: access.deny names it, or access.allow does not."),
  SELF_DIAL(
      "transport.self-dial", Kind.INVALID, "The address is this node's own; nothing is dialled."),
  NO_PROTOCOL(
      "transport.no-protocol",
      Kind.NOT_FOUND,
      "The peer does not speak that protocol, or only another major version of it."),
  STREAM_RESET(
      "transport.stream-reset",
      Kind.UNREACHABLE,
      "The peer broke off the stream; the message says why if the peer did."),
  STREAM_TIMEOUT(
      "transport.stream-timeout",
      Kind.TIMEOUT,
      "The peer did not answer before the deadline; it may be busy or gone."),
  FRAME_TOO_LARGE(
      "transport.frame-too-large",
      Kind.INVALID,
      "A message on a stream is larger than the protocol allows."),
  CONNECTION_LOST(
      "transport.connection-lost",
      Kind.UNREACHABLE,
      "The connection to the peer ended; cis dials again by itself with growing pauses."),
  BUSY(
      "transport.busy",
      Kind.EXHAUSTED,
      "A limit on connections, streams or memory was reached; the message names it."),
  CLOSED("transport.closed", Kind.UNREACHABLE, "This node is stopping."),
  ALIAS_PINNED(
      "transport.alias-pinned",
      Kind.DENIED,
      "The alias belongs to another key; if the peer really has a new identity, remove the old one"
          + " with 'cis p2p remove-peer' first."),
  ALREADY_SERVED(
      "transport.already-served",
      Kind.CONFLICT,
      "A handler for that protocol is registered already."),
  QLOG_FAILED(
      "transport.qlog-failed",
      Kind.UNREACHABLE,
      "A connection could not be recorded; the message says why."),
  BAD_CONFIG(
      "transport.bad-config",
      Kind.INVALID,
      "A setting under [transport] is out of range; the message names key and rule.");

  private final String text;
  private final Kind kind;
  private final String help;

  TransportCode(String text, Kind kind, String help) {
    this.text = text;
    this.kind = kind;
    this.help = help;
  }

  /** The code with this text, or the other one if there is none. */
  static TransportCode ofText(String text, TransportCode otherwise) {
    for (var code : values()) {
      if (code.text.equals(text)) {
        return code;
      }
    }
    return otherwise;
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
