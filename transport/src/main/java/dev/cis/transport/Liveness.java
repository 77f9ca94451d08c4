package dev.cis.transport;

import java.time.Duration;

/**
 * How lost connections are noticed, and how long our record is good.
 *
 * @param idleTimeout after which a silent connection counts as lost; default 30 s
 * @param keepAlive how often the dialling side sends something; default 10 s, at most half the idle
 *     timeout
 * @param recordLifetime how long our signed peer record is good; renewed at half; default 24 h
 * @param watchEvery how often the machine's addresses and clocks are looked at, so that a change of
 *     network or a sleep is noticed; default 1 s
 * @param probeTimeout in which a peer must answer a ping after such a change, else its connection
 *     is dropped and made anew; default 3 s
 */
public record Liveness(
    Duration idleTimeout,
    Duration keepAlive,
    Duration recordLifetime,
    Duration watchEvery,
    Duration probeTimeout) {
  /** The defaults. */
  public static final Liveness DEFAULT =
      new Liveness(
          Duration.ofSeconds(30),
          Duration.ofSeconds(10),
          Duration.ofHours(24),
          Duration.ofSeconds(1),
          Duration.ofSeconds(3));

  /** Checks every setting; the message names the key. */
  public Liveness {
    Rule.positive(idleTimeout, "idle_timeout");
    Rule.positive(keepAlive, "keep_alive");
    Rule.check(
        keepAlive.multipliedBy(2).compareTo(idleTimeout) <= 0,
        "keep_alive",
        "is at most half of idle_timeout");
    Rule.positive(recordLifetime, "record_lifetime");
    Rule.positive(watchEvery, "watch_every");
    Rule.positive(probeTimeout, "probe_timeout");
  }
}
