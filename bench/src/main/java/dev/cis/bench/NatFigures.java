package dev.cis.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * Shares and percentiles of many pairs.
 *
 * @param pairs what became of each
 */
record NatFigures(List<NatPair> pairs) {
  /** Percent that had a path in the end. */
  double made() {
    return percent(pairs, each -> each.path() != null);
  }

  /** Percent whose path was direct in the end. */
  double direct() {
    return percent(pairs, each -> "direct".equals(each.path()));
  }

  /** Milliseconds until the first answer, of those that were made. */
  double first(double share) {
    return quantile(
        pairs.stream()
            .filter(each -> each.path() != null)
            .map(NatPair::firstByte)
            .sorted()
            .toList(),
        share);
  }

  /** Milliseconds until the path was direct, of those where it could be and became so. */
  double settled(double share) {
    return quantile(
        pairs.stream()
            .filter(each -> each.expected().equals("direct") && each.settled() != null)
            .map(each -> Objects.requireNonNull(each.settled()))
            .sorted()
            .toList(),
        share);
  }

  /** The notes on cis itself. */
  Map<String, Object> notes() {
    var notes = new LinkedHashMap<String, Object>();
    notes.put("direct_percent", direct());
    notes.put("as_theory_percent", percent(pairs, each -> each.settled() != null));
    notes.put(
        "first_answer_within_1s_percent",
        percent(pairs, each -> each.path() != null && each.firstByte() <= 1_000));
    notes.put("direct_p50_ms", settled(0.5));
    notes.put("direct_p99_ms", settled(0.99));
    notes.put(
        "direct_within_3s_percent",
        percent(
            pairs.stream().filter(each -> each.expected().equals("direct")).toList(),
            NatFigures::isSoonDirect));
    return notes;
  }

  /**
   * The notes on what was measured beside, and what cis has divided by what it has.
   *
   * @param ours what cis has for the same pairs
   * @param dead of how many it took a connection for direct that carried nothing
   */
  Map<String, Object> beside(NatFigures ours, int dead) {
    var notes = new LinkedHashMap<String, Object>();
    notes.put("libp2p_n", pairs.size());
    notes.put("libp2p_percent", made());
    notes.put("libp2p_direct_percent", direct());
    notes.put("libp2p_p50_ms", first(0.5));
    notes.put("libp2p_p99_ms", first(0.99));
    notes.put("libp2p_direct_p50_ms", settled(0.5));
    notes.put("libp2p_direct_p99_ms", settled(0.99));
    notes.put("libp2p_dead_direct", dead);
    ratio(notes, "ratio_to_libp2p", ours.made(), made());
    ratio(notes, "direct_ratio_to_libp2p", ours.direct(), direct());
    ratio(notes, "p50_ratio_to_libp2p", ours.first(0.5), first(0.5));
    ratio(notes, "direct_p50_ratio_to_libp2p", ours.settled(0.5), settled(0.5));
    return notes;
  }

  /** None where there is nothing to divide by. */
  private static void ratio(Map<String, Object> notes, String name, double ours, double theirs) {
    if (theirs > 0) {
      notes.put(name, Figure.rounded(ours / theirs));
    }
  }

  private static boolean isSoonDirect(NatPair pair) {
    var settled = pair.settled();
    return settled != null && settled <= 3_000;
  }

  private static double percent(List<NatPair> pairs, Predicate<NatPair> which) {
    return pairs.isEmpty()
        ? 0
        : Figure.rounded(100.0 * pairs.stream().filter(which).count() / pairs.size());
  }

  private static double quantile(List<Double> sorted, double share) {
    return sorted.isEmpty()
        ? 0
        : Figure.rounded(
            sorted.get(Math.min(sorted.size() - 1, (int) Math.floor(share * sorted.size()))));
  }
}
