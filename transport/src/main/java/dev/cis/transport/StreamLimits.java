package dev.cis.transport;

/**
 * What one peer may do on its connection.
 *
 * @param maxInboundStreams streams that one peer may have open to us; default 1,024
 * @param maxStreamsPerProtocol streams of one protocol that one peer may have open to us; default
 *     768
 * @param maxStreamRate streams that one peer may open to us in a second; default 200,000
 * @param maxFrame largest message on a stream, whatever its reader allows; default 16 MiB
 */
public record StreamLimits(
    int maxInboundStreams, int maxStreamsPerProtocol, int maxStreamRate, int maxFrame) {
  /** The defaults. */
  public static final StreamLimits DEFAULT = new StreamLimits(1024, 768, 200_000, 16 << 20);

  /** Checks every setting; the message names the key. */
  public StreamLimits {
    Rule.check(
        maxInboundStreams >= 8 && maxInboundStreams <= 65_536,
        "max_inbound_streams",
        "is 8 to 65536");
    Rule.check(maxStreamsPerProtocol >= 1, "max_streams_per_protocol", "is at least 1");
    Rule.check(maxStreamRate >= 1, "max_stream_rate", "is at least 1");
    Rule.check(maxFrame >= 1 << 14 && maxFrame <= 1 << 28, "max_frame", "is 16 KiB to 256 MiB");
  }
}
