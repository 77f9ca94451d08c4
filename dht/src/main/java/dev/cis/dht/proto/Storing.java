package dev.cis.dht.proto;

import dev.cis.dht.proto.DhtMessage.Entry;
import dev.cis.dht.proto.DhtMessage.Outcome;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.PeerRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Several items on their way to the same nodes: each node gets them in as few requests as they fit
 * into. Counts for each item how many nodes keep it.
 */
final class Storing {
  private static final int ROOM = DhtMessage.MAX_REQUEST - 512;

  /** A request that is to be sent. */
  record Parcel(Signed<PeerRecord> to, Bytes token, List<Entry> entries) {}

  /**
   * What became of an item.
   *
   * @param kept how many nodes keep it
   * @param newer how many have something newer, or other than expected
   */
  record Tally(int kept, int newer) {
    private Tally plus(Outcome outcome) {
      return switch (outcome) {
        case KEPT -> new Tally(kept + 1, newer);
        case STALE, CONFLICT -> new Tally(kept, newer + 1);
        case BAD_TOKEN, BAD_RECORD, FULL -> this;
      };
    }
  }

  private final Map<Publication, Tally> tallies = new LinkedHashMap<>();
  private final Map<Long, Parcel> sent = new LinkedHashMap<>();
  private final ArrayDeque<Parcel> waiting = new ArrayDeque<>();
  private final Map<Item, Publication> publications = new LinkedHashMap<>();
  private final int parallel;

  Storing(Map<Publication, Entry> entries, List<Lookup.Answerer> nodes, NodeId self, int parallel) {
    this.parallel = parallel;
    entries.forEach((publication, entry) -> {
      tallies.put(publication, new Tally(0, 0));
      publications.put(java.util.Objects.requireNonNull(entry.item()), publication);
    });
    var batches = batches(List.copyOf(entries.values()));
    for (var node : nodes) {
      if (!node.token().isEmpty() && !node.record().value().node().equals(self)) {
        batches.forEach(batch -> waiting.add(new Parcel(node.record(), node.token(), batch)));
      }
    }
  }

  private static List<List<Entry>> batches(List<Entry> entries) {
    var batches = new ArrayList<List<Entry>>();
    var batch = new ArrayList<Entry>();
    int bytes = 0;
    for (var entry : entries) {
      int next = entry.item() == null ? 0 : entry.item().bytes() + 64;
      if (!batch.isEmpty() && (bytes + next > ROOM || batch.size() == DhtMessage.MAX_STORED)) {
        batches.add(List.copyOf(batch));
        batch.clear();
        bytes = 0;
      }
      batch.add(entry);
      bytes += next;
    }
    if (!batch.isEmpty()) {
      batches.add(List.copyOf(batch));
    }
    return batches;
  }

  /** What to send now, if anything. */
  @Nullable Parcel next() {
    return sent.size() < parallel ? waiting.poll() : null;
  }

  void sent(long request, Parcel parcel) {
    sent.put(request, parcel);
  }

  void answered(long request, List<Outcome> outcomes) {
    var parcel = sent.remove(request);
    if (parcel == null) {
      return;
    }
    for (int i = 0; i < Math.min(outcomes.size(), parcel.entries.size()); i++) {
      var outcome = outcomes.get(i);
      var publication = publications.get(parcel.entries.get(i).item());
      if (publication != null) {
        tallies.computeIfPresent(publication, (same, tally) -> tally.plus(outcome));
      }
    }
  }

  void failed(long request) {
    sent.remove(request);
  }

  boolean isOver() {
    return sent.isEmpty() && waiting.isEmpty();
  }

  Map<Publication, Tally> tallies() {
    return tallies;
  }
}
