package dev.cis.sync.proto;

import dev.cis.crdt.Dot;
import dev.cis.crdt.VectorClock;
import dev.cis.kernel.identity.NodeId;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a key when a write arrives.
 *
 * @param wins whether the arriving write replaces the stored one
 * @param loser the write that lost although the winner did not know of it, if that is so
 * @param context every write of the key known now
 */
public record Merge(boolean wins, @Nullable Entry loser, VectorClock context) {
  /** Decides between the stored write, if any, and the arriving one. */
  public static Merge of(@Nullable Entry stored, VectorClock context, Entry arriving) {
    var merged = bounded(context.merge(arriving.body().clock()), arriving.dot());
    if (stored == null) {
      return new Merge(true, null, merged);
    }
    if (stored.payload().equals(arriving.payload())) {
      return new Merge(false, null, merged);
    }
    boolean wins = arriving.beats(stored);
    // A dot in the other's clock is exact even where old counts were dropped from a long clock.
    boolean concurrent =
        !arriving.body().clock().covers(stored.dot())
            && !stored.body().clock().covers(arriving.dot());
    var loser = wins ? stored : arriving;
    return new Merge(wins, concurrent && !saysTheSame(stored, arriving) ? loser : null, merged);
  }

  private static boolean saysTheSame(Entry one, Entry other) {
    return one.body().deleted() == other.body().deleted()
        && one.body().value().equals(other.body().value())
        && one.body().vector().equals(other.body().vector())
        && one.body().category().equals(other.body().category());
  }

  /** At most {@link EntryBody#MAX_CLOCK} authors: the newest writes, and this one in any case. */
  static VectorClock bounded(VectorClock clock, Dot keep) {
    if (clock.size() <= EntryBody.MAX_CLOCK) {
      return clock;
    }
    var counts = new TreeMap<NodeId, Long>();
    clock.counts().entrySet().stream()
        .filter(e -> !e.getKey().equals(keep.author()))
        .sorted(Map.Entry.<NodeId, Long>comparingByValue().reversed())
        .limit(EntryBody.MAX_CLOCK - 1)
        .forEach(e -> counts.put(e.getKey(), e.getValue()));
    counts.put(keep.author(), clock.get(keep.author()));
    return VectorClock.of(counts);
  }
}
