package dev.cis.transport;

/**
 * What others may use of this node.
 *
 * @param maxConnections live connections; further ones are refused; default 1,024
 * @param maxInboundStreams streams that one peer may have open to us; default 1,024
 * @param maxFrame largest message on a stream, whatever its reader allows; default 16 MiB
 */
public record Limits(int maxConnections, int maxInboundStreams, int maxFrame) {
  /** The defaults. */
  public static final Limits DEFAULT = new Limits(1024, 1024, 16 << 20);

  /** Checks every setting; the message names the key. */
  public Limits {
    TransportConfig.check(maxConnections >= 1, "max_connections", "is at least 1");
    TransportConfig.check(
        maxInboundStreams >= 8 && maxInboundStreams <= 65_536,
        "max_inbound_streams",
        "is 8 to 65536");
    TransportConfig.check(
        maxFrame >= 1 << 14 && maxFrame <= 1 << 28, "max_frame", "is 16 KiB to 256 MiB");
  }
}
