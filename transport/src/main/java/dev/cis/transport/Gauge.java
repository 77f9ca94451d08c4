package dev.cis.transport;

import java.util.concurrent.atomic.AtomicLong;

/** A limit on a sum. Thread-safe. */
public final class Gauge extends Quota {
  private final AtomicLong used = new AtomicLong();

  Gauge(String name, String key, String unit, long limit) {
    super(name, key, unit, limit);
  }

  /** Takes so much, or nothing if there would be too much; a refusal is counted by its own call. */
  public boolean tryTake(long amount) {
    long now = used.addAndGet(amount);
    if (now > limit()) {
      used.addAndGet(-amount);
      return false;
    }
    reached(now);
    return true;
  }

  /** Takes so much in any case: what is here already cannot be refused. */
  public void take(long amount) {
    reached(used.addAndGet(amount));
  }

  /** Gives back what was taken. */
  public void give(long amount) {
    used.addAndGet(-amount);
  }

  /** There is so much now. */
  void set(long amount) {
    used.set(amount);
    reached(amount);
  }

  /** Whether nothing is left. */
  public boolean isExhausted() {
    return used.get() >= limit();
  }

  @Override
  public long used() {
    return used.get();
  }

  @Override
  String busiest() {
    return "";
  }
}
