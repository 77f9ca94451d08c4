package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.time.Uptime;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One limit: its name, its key, and what became of it. */
public abstract sealed class Quota permits Gauge, Shares, Sampled {
  private static final Logger LOG = LoggerFactory.getLogger(Quota.class);
  private static final long LOG_EVERY_MILLIS = 10_000;

  private final String name;
  private final String key;
  private final String unit;
  private final long limit;
  private final LongAccumulator peak = new LongAccumulator(Long::max, 0);
  private final LongAdder refused = new LongAdder();
  private final AtomicLong logAt = new AtomicLong(Long.MIN_VALUE);

  Quota(String name, String key, String unit, long limit) {
    this.name = name;
    this.key = key;
    this.unit = unit;
    this.limit = limit;
  }

  /** The most there may be. */
  public final long limit() {
    return limit;
  }

  /** How much there is now. */
  public abstract long used();

  abstract String busiest();

  final void reached(long value) {
    peak.accumulate(value);
  }

  /** How often it has refused something. */
  public final long refused() {
    return refused.sum();
  }

  /** Counts a refusal of which nobody need be told. */
  public final void count() {
    refused.increment();
  }

  /** The words for whoever is refused: the key and its value. */
  public final String text() {
    return key + " = " + limit + " is reached";
  }

  /**
   * Counts a refusal, and logs it unless one was logged a moment ago.
   *
   * @param who is refused
   * @return the words for them
   */
  public final String refuse(String who) {
    refused.increment();
    long now = Uptime.CLOCK.now().uptime().toMillis();
    long at = logAt.get();
    if (now >= at && logAt.compareAndSet(at, now + LOG_EVERY_MILLIS)) {
      LOG.warn(
          "event=limit-reached key={} limit={} used={} refused={} who={}",
          key,
          limit,
          used(),
          refused.sum(),
          who);
    }
    return text();
  }

  /** The fault for a caller on this node. */
  public final Fault fault(String who) {
    return new Fault(TransportCode.BUSY, refuse(who) + " (" + name + ")");
  }

  final Usage.Reading read() {
    long used = used();
    reached(used);
    return new Usage.Reading(name, key, unit, limit, used, peak.get(), refused(), busiest());
  }
}
