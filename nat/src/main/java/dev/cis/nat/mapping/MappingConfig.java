package dev.cis.nat.mapping;

import java.time.Duration;

/**
 * Settings of the port mapping, {@code [mapping]} in the configuration file. They say something
 * only with {@code p2p.enable_nat_traversal = true}.
 *
 * @param lease how long routers are asked to keep the mapping; renewed at half of what they grant
 * @param checkEvery how often a router is asked whether it still has it
 */
public record MappingConfig(Duration lease, Duration checkEvery) {
  /** The defaults. */
  public static final MappingConfig DEFAULT =
      new MappingConfig(Duration.ofMinutes(60), Duration.ofMinutes(2));

  /** Checks the values. */
  public MappingConfig {
    if (lease.compareTo(Duration.ofMinutes(2)) < 0 || lease.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException("mapping.lease is 2 min to 1 day");
    }
    if (checkEvery.compareTo(Duration.ofSeconds(2)) < 0 || checkEvery.compareTo(lease) > 0) {
      throw new IllegalArgumentException("mapping.check_every is 2 s to the lease");
    }
  }
}
