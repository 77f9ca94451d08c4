package dev.cis.transport;

import java.time.Duration;

/**
 * How many connections there are.
 *
 * @param maxConnections live connections and peers being dialled; further ones are refused; default
 *     1,024
 * @param highWater with more connections than this, the least useful are closed; default 768
 * @param lowWater down to so many; default 640
 * @param gracePeriod in which a new connection is not closed for being of little use; default 30 s
 */
public record ConnectionLimits(
    int maxConnections, int highWater, int lowWater, Duration gracePeriod) {
  /** The defaults. */
  public static final ConnectionLimits DEFAULT =
      new ConnectionLimits(1024, 768, 640, Duration.ofSeconds(30));

  /** Checks every setting; the message names the key. */
  public ConnectionLimits {
    Rule.check(maxConnections >= 1, "max_connections", "is at least 1");
    Rule.check(lowWater >= 1, "low_water", "is at least 1");
    Rule.check(highWater >= lowWater, "high_water", "is at least low_water");
    Rule.check(!gracePeriod.isNegative(), "grace_period", "is not negative");
  }
}
