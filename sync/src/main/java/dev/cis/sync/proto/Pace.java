package dev.cis.sync.proto;

import java.time.Duration;

/**
 * How often and in what portions exchanges are made.
 *
 * @param interval between periodic exchanges, give or take a quarter
 * @param timeout for one answer, before the request is repeated
 * @param attempts how often a request is sent before the exchange has failed
 * @param batchBytes entries in one message, unless one alone is larger
 * @param batchEntries entries in one message at most
 * @param exchanges that run at once on our own initiative
 * @param sessions that we serve to others at once
 */
public record Pace(
    Duration interval,
    Duration timeout,
    int attempts,
    int batchBytes,
    int batchEntries,
    int exchanges,
    int sessions) {
  /** The defaults. */
  public static final Pace DEFAULT =
      new Pace(Duration.ofSeconds(30), Duration.ofSeconds(4), 5, 64 * 1024, 512, 4, 64);

  /** Checks the ranges. */
  public Pace {
    if (interval.toMillis() < 100 || timeout.toMillis() < 1) {
      throw new IllegalArgumentException("an interval is at least 100 ms, a timeout 1 ms");
    }
    if (attempts < 1 || exchanges < 1 || sessions < 1) {
      throw new IllegalArgumentException("attempts, exchanges and sessions count from 1");
    }
    if (batchBytes < 1 || batchBytes > 64 * 1024 || batchEntries < 1 || batchEntries > 512) {
      throw new IllegalArgumentException("a batch has at most 64 KiB and 512 entries");
    }
  }
}
