package dev.cis.transport;

import java.time.Duration;

/**
 * How peers are reached.
 *
 * @param dialTimeout for the handshake with one address; default 10 s
 * @param dialStagger pause before the next address of a peer is tried beside the first (RFC 8305
 *     section 5, "connection attempt delay"); default 250 ms
 * @param handshakeTimeout in which a new connection must identify itself, and a new stream must
 *     deliver its header; default 10 s
 * @param backoffMin pause before the first redial of a kept peer; default 500 ms
 * @param backoffMax longest pause between redials; default 60 s
 */
public record Dialling(
    Duration dialTimeout,
    Duration dialStagger,
    Duration handshakeTimeout,
    Duration backoffMin,
    Duration backoffMax) {
  /** The defaults. */
  public static final Dialling DEFAULT =
      new Dialling(
          Duration.ofSeconds(10),
          Duration.ofMillis(250),
          Duration.ofSeconds(10),
          Duration.ofMillis(500),
          Duration.ofSeconds(60));

  /** Checks every setting; the message names the key. */
  public Dialling {
    TransportConfig.positive(dialTimeout, "dial_timeout");
    TransportConfig.positive(dialStagger, "dial_stagger");
    TransportConfig.positive(handshakeTimeout, "handshake_timeout");
    TransportConfig.positive(backoffMin, "backoff_min");
    TransportConfig.check(
        backoffMax.compareTo(backoffMin) >= 0, "backoff_max", "is at least backoff_min");
  }

  /** The same, giving connections and streams another time to say what they are. */
  public Dialling withHandshakeTimeout(Duration other) {
    return new Dialling(dialTimeout, dialStagger, other, backoffMin, backoffMax);
  }
}
