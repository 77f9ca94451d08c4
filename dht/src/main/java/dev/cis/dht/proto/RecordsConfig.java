package dev.cis.dht.proto;

import java.time.Duration;

/**
 * What is kept for others, and how long.
 *
 * @param keptRecords records of others kept at most; what is farthest from this node, of whoever
 *     has most here, gives way
 * @param keptBytes the same in bytes
 * @param keptPerSource records kept at most for one sender, or for all senders of one public subnet
 * @param keptProviders providers kept at most of one key; the longest known gives way
 * @param peerLifetime how long a peer record is kept after it was stored last
 * @param peerRepublish how often this node stores its own
 * @param providerLifetime how long a node counts as provider after it said so last
 * @param providerRepublish how often this node says so
 * @param valueLifetime how long a value is kept after it was stored last
 * @param valueRepublish how often this node stores its own again
 * @param tokenLifetime how long a token to store is good at least; twice as long at most
 * @param published values and keys provided that this node repeats at most
 */
public record RecordsConfig(
    int keptRecords,
    int keptBytes,
    int keptPerSource,
    int keptProviders,
    Duration peerLifetime,
    Duration peerRepublish,
    Duration providerLifetime,
    Duration providerRepublish,
    Duration valueLifetime,
    Duration valueRepublish,
    Duration tokenLifetime,
    int published) {
  /** What every node should have unless its operator knows better. */
  public static final RecordsConfig DEFAULT =
      new RecordsConfig(
          8192,
          8 << 20,
          512,
          256,
          Duration.ofHours(2),
          Duration.ofHours(1),
          Duration.ofHours(24),
          Duration.ofHours(12),
          Duration.ofHours(24),
          Duration.ofHours(1),
          Duration.ofMinutes(5),
          1024);

  /** Checks the ranges. */
  public RecordsConfig {
    within("dht.kept_records", keptRecords, 1, 100_000);
    within("dht.kept_bytes", keptBytes, 16 << 10, 256 << 20);
    within("dht.kept_per_source", keptPerSource, 1, keptRecords);
    within("dht.kept_providers", keptProviders, 1, 10_000);
    within("dht.published", published, 1, 100_000);
    ordered("dht.peer_republish", peerRepublish, peerLifetime);
    ordered("dht.provider_republish", providerRepublish, providerLifetime);
    ordered("dht.value_republish", valueRepublish, valueLifetime);
    if (!tokenLifetime.isPositive()) {
      throw new IllegalArgumentException("dht.token_lifetime above 0, not " + tokenLifetime);
    }
  }

  private static void within(String key, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(key + " from " + least + " to " + most + ", not " + value);
    }
  }

  private static void ordered(String key, Duration every, Duration lifetime) {
    if (!every.isPositive() || every.compareTo(lifetime) >= 0) {
      throw new IllegalArgumentException(
          key + " above 0 and below the lifetime of " + lifetime + ", not " + every);
    }
  }
}
