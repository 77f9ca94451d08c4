package dev.cis.transport;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A limit on the share of each holder. Holders with nothing are forgotten. Thread-safe.
 *
 * @param <K> who holds a share
 */
public final class Shares<K> extends Quota {
  private final Map<K, AtomicLong> held = new ConcurrentHashMap<>();

  Shares(String name, String key, String unit, long limit) {
    super(name, key, unit, limit);
  }

  /** Takes so much for the holder, or nothing if it would have too much. */
  public boolean tryTake(K holder, long amount) {
    return tryTake(holder, amount, limit());
  }

  /** The same against another limit than the usual one. */
  boolean tryTake(K holder, long amount, long most) {
    var taken = new boolean[1];
    held.compute(
        holder,
        (_, before) -> {
          long now = (before == null ? 0 : before.get()) + amount;
          if (now > most) {
            return before;
          }
          taken[0] = true;
          reached(now);
          var share = before == null ? new AtomicLong() : before;
          share.set(now);
          return share;
        });
    return taken[0];
  }

  /** Takes so much in any case, or gives it back when it is negative. */
  void add(K holder, long amount) {
    if (amount < 0) {
      give(holder, -amount);
    } else {
      var _ = tryTake(holder, amount, Long.MAX_VALUE);
    }
  }

  /** Gives back what the holder took. */
  public void give(K holder, long amount) {
    held.computeIfPresent(
        holder,
        (_, before) -> {
          long left = before.get() - amount;
          before.set(left);
          return left > 0 ? before : null;
        });
  }

  /** What one holder has. */
  public long used(K holder) {
    var share = held.get(holder);
    return share == null ? 0 : share.get();
  }

  /** The largest share. */
  @Override
  public long used() {
    long most = 0;
    for (var share : held.values()) {
      most = Math.max(most, share.get());
    }
    return most;
  }

  @Override
  String busiest() {
    return held.entrySet().stream()
        .max(Map.Entry.comparingByValue((a, b) -> Long.compare(a.get(), b.get())))
        .map(most -> most.getKey().toString())
        .orElse("");
  }
}
