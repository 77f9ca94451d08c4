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
 * @param backoffMin pause after the first failure to reach a peer; doubles with each; default 500
 *     ms
 * @param backoffMax longest pause between attempts, and the pause after a peer has closed the
 *     connection for being of little use; default 60 s
 * @param disconnectRest how long neither side dials the other by itself after a user of one of them
 *     ended the connection on purpose; default 10 min
 * @param maxDials addresses that are dialled at one time; further ones wait; default 64
 * @param maxDialRate addresses that are dialled in a second, twice as many at once; default 250
 */
public record Dialling(
    Duration dialTimeout,
    Duration dialStagger,
    Duration handshakeTimeout,
    Duration backoffMin,
    Duration backoffMax,
    Duration disconnectRest,
    int maxDials,
    int maxDialRate) {
  /** The defaults. */
  public static final Dialling DEFAULT =
      new Dialling(
          Duration.ofSeconds(10),
          Duration.ofMillis(250),
          Duration.ofSeconds(10),
          Duration.ofMillis(500),
          Duration.ofSeconds(60),
          Duration.ofMinutes(10),
          64,
          250);

  /** Checks every setting; the message names the key. */
  public Dialling {
    Rule.positive(dialTimeout, "dial_timeout");
    Rule.positive(dialStagger, "dial_stagger");
    Rule.positive(handshakeTimeout, "handshake_timeout");
    Rule.positive(backoffMin, "backoff_min");
    Rule.check(backoffMax.compareTo(backoffMin) >= 0, "backoff_max", "is at least backoff_min");
    Rule.positive(disconnectRest, "disconnect_rest");
    Rule.check(maxDials >= 1, "max_dials", "is at least 1");
    Rule.check(maxDialRate >= 1, "max_dial_rate", "is at least 1");
  }

  /** The same with other pauses after failures. */
  public Dialling withBackoff(Duration min, Duration max) {
    return new Dialling(
        dialTimeout,
        dialStagger,
        handshakeTimeout,
        min,
        max,
        disconnectRest,
        maxDials,
        maxDialRate);
  }

  /** The same with another rest after a connection was ended on purpose. */
  public Dialling withDisconnectRest(Duration rest) {
    return new Dialling(
        dialTimeout,
        dialStagger,
        handshakeTimeout,
        backoffMin,
        backoffMax,
        rest,
        maxDials,
        maxDialRate);
  }

  /** The same with other limits on the dials of this node. */
  public Dialling withDials(int most, int perSecond) {
    return new Dialling(
        dialTimeout,
        dialStagger,
        handshakeTimeout,
        backoffMin,
        backoffMax,
        disconnectRest,
        most,
        perSecond);
  }

  /** The same, giving connections and streams another time to say what they are. */
  public Dialling withHandshakeTimeout(Duration other) {
    return new Dialling(
        dialTimeout,
        dialStagger,
        other,
        backoffMin,
        backoffMax,
        disconnectRest,
        maxDials,
        maxDialRate);
  }
}
