package dev.cis.transport;

import java.util.function.LongSupplier;

/** A limit whose use is known elsewhere and looked up when it is wanted. */
final class Sampled extends Quota {
  private final LongSupplier source;

  Sampled(String name, String key, String unit, long limit, LongSupplier source) {
    super(name, key, unit, limit);
    this.source = source;
  }

  /** Looks, and remembers the most that was seen. */
  @Override
  public long used() {
    long now = source.getAsLong();
    reached(now);
    return now;
  }

  @Override
  String busiest() {
    return "";
  }
}
