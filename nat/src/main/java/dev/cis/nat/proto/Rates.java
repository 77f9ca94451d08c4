package dev.cis.nat.proto;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A token bucket for each of many holders. When there are too many holders, the one that asked
 * least recently is forgotten, and starts with a full bucket again: how much all of them together
 * get is another limit. Not thread-safe.
 */
public final class Rates<K> {
  private static final double NANOS = 1e9;

  private static final class Bucket {
    double tokens;
    long at;

    Bucket(double tokens, long at) {
      this.tokens = tokens;
      this.at = at;
    }
  }

  private final double perSecond;
  private final double most;
  private final Map<K, Bucket> buckets;

  /**
   * Full buckets for everybody.
   *
   * @param perSecond tokens that come back in a second
   * @param most size of a bucket
   * @param holders how many are remembered
   */
  public Rates(double perSecond, double most, int holders) {
    this.perSecond = perSecond;
    this.most = most;
    this.buckets =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<K, Bucket> eldest) {
            return size() > holders;
          }
        };
  }

  /** Takes a token of this holder; false if it has none left. */
  public boolean take(K holder, Duration uptime) {
    long now = uptime.toNanos();
    var bucket = buckets.computeIfAbsent(holder, _ -> new Bucket(most, now));
    bucket.tokens = Math.min(most, bucket.tokens + (now - bucket.at) / NANOS * perSecond);
    bucket.at = now;
    if (bucket.tokens < 1) {
      return false;
    }
    bucket.tokens--;
    return true;
  }

  /** How many holders are remembered. */
  public int size() {
    return buckets.size();
  }
}
