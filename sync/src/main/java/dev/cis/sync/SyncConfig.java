package dev.cis.sync;

import dev.cis.sync.proto.Pace;
import java.time.Duration;

/**
 * How memory is replicated.
 *
 * @param interval between periodic exchanges with a random peer, give or take a quarter
 * @param timeout for one answer within an exchange, before the request is repeated
 * @param conflicts how many lost concurrent writes are kept
 */
public record SyncConfig(Duration interval, Duration timeout, int conflicts) {
  /** The defaults: 30 s, 4 s, 1,000. */
  public static final SyncConfig DEFAULT =
      new SyncConfig(Duration.ofSeconds(30), Duration.ofSeconds(4), 1000);

  /** Checks the ranges. */
  public SyncConfig {
    if (interval.toMillis() < 100 || timeout.toMillis() < 1) {
      throw new IllegalArgumentException(
          "sync.interval is at least 100 ms and sync.timeout 1 ms, not "
              + interval
              + " and "
              + timeout);
    }
    if (conflicts < 0 || conflicts > 1_000_000) {
      throw new IllegalArgumentException("sync.conflicts is 0 to 1,000,000, not " + conflicts);
    }
  }

  Pace pace() {
    var standard = Pace.DEFAULT;
    return new Pace(
        interval,
        timeout,
        standard.attempts(),
        standard.batchBytes(),
        standard.batchEntries(),
        standard.exchanges(),
        standard.sessions());
  }
}
