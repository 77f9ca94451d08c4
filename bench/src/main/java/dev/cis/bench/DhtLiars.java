package dev.cis.bench;

import dev.cis.dht.proto.DhtMessage;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.PeerRecord;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * Nodes under one hand: each names only the others, those closest to the target, claims to keep
 * what it is given, and is otherwise as quick and polite as the honest.
 */
final class DhtLiars {
  private static final int LOOK_AROUND = 64;

  private final List<Signed<PeerRecord>> byId;

  DhtLiars(List<Signed<PeerRecord>> records) {
    this.byId =
        records.stream().sorted(Comparator.comparing(record -> record.value().node())).toList();
  }

  DhtMessage.Response answer(DhtMessage.Request question) {
    return switch (question) {
      case DhtMessage.Ping _ -> new DhtMessage.Pong();
      case DhtMessage.Find find ->
          DhtMessage.Nodes.of(nearest(find.target()), List.of(), Bytes.utf8("token"));
      case DhtMessage.Store store ->
          new DhtMessage.Stored(
              Collections.nCopies(store.entries().size(), DhtMessage.Outcome.KEPT));
    };
  }

  /** Those of them closest to a target, about: looked for among their neighbours in order. */
  private List<Signed<PeerRecord>> nearest(NodeId target) {
    int low = 0;
    int high = byId.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (byId.get(middle).value().node().compareTo(target) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return byId
        .subList(Math.max(0, low - LOOK_AROUND), Math.min(byId.size(), low + LOOK_AROUND))
        .stream()
        .sorted((a, b) -> DhtWorld.compare(target, a.value().node(), b.value().node()))
        .limit(DhtMessage.MAX_RECORDS)
        .toList();
  }
}
