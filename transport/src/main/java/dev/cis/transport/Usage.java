package dev.cis.transport;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The one place where limits are counted: what is used of each, the most that ever was, and how
 * often one refused something. Every room may register its own; 'cis p2p limits' shows all.
 * Thread-safe.
 */
public final class Usage {
  private final List<Quota> quotas = new CopyOnWriteArrayList<>();

  /** A place without limits. */
  public Usage() {}

  /**
   * How a limit stands.
   *
   * @param name what is limited, in words
   * @param key the setting that limits it, as in the configuration file
   * @param unit {@code bytes}, or what is counted
   * @param limit the most there may be
   * @param used how much there is; with a limit per peer or address, that of the busiest
   * @param peak the most there ever was
   * @param refused how often it refused something
   * @param busiest who uses most, with a limit per peer or address; else empty
   */
  public record Reading(
      String name,
      String key,
      String unit,
      long limit,
      long used,
      long peak,
      long refused,
      String busiest) {}

  /** A new limit on the sum of something. */
  public Gauge gauge(String name, String key, String unit, long limit) {
    return add(new Gauge(name, key, unit, limit));
  }

  /** A new limit on the share of each peer, address or whatever {@code K} is. */
  public <K> Shares<K> shares(String name, String key, String unit, long limit) {
    return add(new Shares<>(name, key, unit, limit));
  }

  <Q extends Quota> Q add(Q quota) {
    quotas.add(quota);
    return quota;
  }

  /** Shows a limit no longer. */
  public void remove(Quota quota) {
    quotas.remove(quota);
  }

  /** Every limit as it stands, in the order of registration. */
  public List<Reading> readings() {
    var readings = new ArrayList<Reading>(quotas.size());
    quotas.forEach(quota -> readings.add(quota.read()));
    return readings;
  }
}
