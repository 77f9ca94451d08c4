package dev.cis.sync.proto;

import dev.cis.crdt.VersionVector;
import dev.cis.kernel.identity.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Sends every stored entry that a peer does not claim, in batches.
 *
 * <p>First the entries of each author in the ranges that the peer lacks, then whatever has changed
 * in the store since that began: an entry not yet sent may have been replaced by one of an author
 * already done. The coverage is read before the last look for changes, so that each of its dots is
 * matched by an entry that was sent or claimed.
 */
final class Sending {
  private record Gap(NodeId author, long first, long last) {}

  /** A portion; the last one carries the coverage. */
  record Portion(List<Entry> entries, boolean last, VersionVector coverage) {}

  private final EntryStore store;
  private final VersionVector told;
  private final Pace pace;
  private final Deque<Gap> gaps = new ArrayDeque<>();
  private final Deque<Entry> waiting = new ArrayDeque<>();
  private long index;
  private boolean done;
  private VersionVector coverage = VersionVector.EMPTY;

  Sending(EntryStore store, VersionVector told, Pace pace) {
    this.store = store;
    this.told = told;
    this.pace = pace;
    this.index = store.newest();
    store
        .seen()
        .minus(told)
        .ranges()
        .forEach((author, lacking) -> {
          for (int i = 0; i < lacking.count(); i++) {
            gaps.add(new Gap(author, lacking.first(i), lacking.last(i)));
          }
        });
  }

  Portion next() {
    var batch = new ArrayList<Entry>();
    int bytes = 0;
    while (batch.size() < pace.batchEntries()) {
      if (waiting.isEmpty() && !done) {
        refill();
      }
      var entry = waiting.peek();
      if (entry == null) {
        if (done) {
          return new Portion(batch, true, coverage);
        }
        continue;
      }
      bytes += entry.size();
      if (!batch.isEmpty() && bytes > pace.batchBytes()) {
        break;
      }
      batch.add(waiting.remove());
    }
    return new Portion(batch, false, VersionVector.EMPTY);
  }

  /** Fetches more; each call either fetches, finishes a gap, or finds the end. */
  private void refill() {
    var gap = gaps.poll();
    int limit = pace.batchEntries();
    if (gap != null) {
      var found = store.byAuthor(gap.author, gap.first, gap.last, limit);
      waiting.addAll(found);
      if (found.size() == limit) {
        gaps.addFirst(new Gap(gap.author, found.getLast().body().sequence() + 1, gap.last));
      }
      return;
    }
    var before = coverage(store);
    var changed = store.changedAfter(index, limit);
    for (var stored : changed) {
      index = stored.index();
      if (!told.contains(stored.entry().dot())) {
        waiting.add(stored.entry());
      }
    }
    if (changed.size() < limit) {
      done = true;
      coverage = before;
    }
  }

  /** What a complete copy of the store has seen. */
  static VersionVector coverage(EntryStore store) {
    return store.seen().minus(store.withheld());
  }
}
