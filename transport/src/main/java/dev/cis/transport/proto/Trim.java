package dev.cis.transport.proto;

import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Which connections to give up when there are too many: the least useful, except those that
 * somebody protects or that are new. More than {@code high} are cut to {@code low}, so that it does
 * not happen with every newcomer.
 *
 * @param low cut down to so many
 * @param high cut when there are more than this
 * @param grace age at which a connection can be judged
 */
public record Trim(int low, int high, Duration grace) {
  private static final double HALF_LIFE_SECONDS = 60;
  private static final double MANY_STREAMS = 8;
  private static final double OLD_SECONDS = 3600;

  /**
   * A connection as it is judged.
   *
   * @param peer with whom
   * @param isProtected whether somebody wants it to stay
   * @param outbound whether we dialled
   * @param age how long it lives
   * @param unused how long ago a stream was last opened or closed on it
   * @param streams open streams
   */
  public record Candidate(
      NodeId peer,
      boolean isProtected,
      boolean outbound,
      Duration age,
      Duration unused,
      int streams) {}

  /**
   * What to do.
   *
   * @param cut connections to close, the least useful first
   * @param again when to look again for those that are too new now; zero if there is no need
   */
  public record Plan(List<Candidate> cut, Duration again) {}

  /** Decides about all connections that there are. */
  public Plan plan(List<Candidate> all) {
    if (all.size() <= high) {
      return new Plan(List.of(), Duration.ZERO);
    }
    // A useful one does not go in the place of a useless one that is new.
    var surplus = ranked(all).stream().limit(all.size() - low).toList();
    var cut = surplus.stream().filter(c -> c.age().compareTo(grace) >= 0).toList();
    if (all.size() - cut.size() <= high) {
      return new Plan(cut, Duration.ZERO);
    }
    var again =
        surplus.stream()
            .filter(c -> c.age().compareTo(grace) < 0)
            .map(c -> grace.minus(c.age()))
            .min(Comparator.naturalOrder());
    return new Plan(cut, again.orElse(Duration.ZERO));
  }

  /** The one to give up for a protected peer; new ones are not spared then. */
  public static Optional<Candidate> victim(List<Candidate> all) {
    return ranked(all).stream().findFirst();
  }

  private static List<Candidate> ranked(List<Candidate> all) {
    return all.stream()
        .filter(c -> !c.isProtected())
        .sorted(
            Comparator.comparingDouble(Trim::worth)
                .thenComparing(Candidate::age)
                .thenComparing(Candidate::peer))
        .toList();
  }

  /**
   * From 0 to 100: half for use in the last minute, a quarter for streams that are open now, an
   * eighth each for age (who stayed an hour is likely to stay another) and for our having dialled
   * (we chose it; whoever wants to crowd out others can only dial us).
   */
  public static double worth(Candidate c) {
    double recent = Math.pow(0.5, c.unused().toMillis() / 1000.0 / HALF_LIFE_SECONDS);
    double busy = Math.min(1, c.streams() / MANY_STREAMS);
    double old = Math.min(1, c.age().toSeconds() / OLD_SECONDS);
    return 50 * recent + 25 * busy + 12.5 * old + (c.outbound() ? 12.5 : 0);
  }
}
