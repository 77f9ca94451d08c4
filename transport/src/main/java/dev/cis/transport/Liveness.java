package dev.cis.transport;

import java.time.Duration;

/**
 * How lost connections are noticed, and how long our record is good.
 *
 * @param idleTimeout after which a silent connection counts as lost; default 30 s
 * @param keepAlive how often the dialling side sends something; default 10 s, at most half the idle
 *     timeout
 * @param recordLifetime how long our signed peer record is good; renewed at half; default 24 h
 */
public record Liveness(Duration idleTimeout, Duration keepAlive, Duration recordLifetime) {
  /** The defaults. */
  public static final Liveness DEFAULT =
      new Liveness(Duration.ofSeconds(30), Duration.ofSeconds(10), Duration.ofHours(24));

  /** Checks every setting; the message names the key. */
  public Liveness {
    TransportConfig.positive(idleTimeout, "idle_timeout");
    TransportConfig.positive(keepAlive, "keep_alive");
    TransportConfig.check(
        keepAlive.multipliedBy(2).compareTo(idleTimeout) <= 0,
        "keep_alive",
        "is at most half of idle_timeout");
    TransportConfig.positive(recordLifetime, "record_lifetime");
  }
}
