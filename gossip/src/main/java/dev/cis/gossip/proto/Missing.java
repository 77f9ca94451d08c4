package dev.cis.gossip.proto;

import dev.cis.kernel.identity.NodeId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Rumours that neighbours announced and this node does not have, and whom to ask for them. */
final class Missing {
  private static final int MAX_ANNOUNCERS = 4;
  private static final int MAX_TRIES = 6;

  private static final class Gap {
    final List<NodeId> announcers = new ArrayList<>(2);
    int tries;
    long askAt;
    long pause;
  }

  private final Map<RumourId, Gap> gaps = new LinkedHashMap<>();
  private final Map<NodeId, Integer> byFirstAnnouncer = new LinkedHashMap<>();
  private final int limit;
  private final long askFirst;
  private final long askAgain;
  private long nextAsk = Long.MAX_VALUE;

  Missing(GossipBounds bounds) {
    this.limit = bounds.missing();
    this.askFirst = bounds.askFirst().toNanos();
    this.askAgain = bounds.askAgain().toNanos();
  }

  /** Notes that a neighbour has a rumour. */
  void announced(RumourId id, NodeId by, long now) {
    var gap = gaps.get(id);
    if (gap == null) {
      // No single neighbour may fill the table with rumours that do not exist.
      int own = byFirstAnnouncer.getOrDefault(by, 0);
      if (gaps.size() >= limit || own >= Math.max(1, limit / 4)) {
        return; // it will be announced again
      }
      byFirstAnnouncer.put(by, own + 1);
      gap = new Gap();
      gap.askAt = now + askFirst;
      gap.pause = askAgain;
      gap.announcers.add(by);
      gaps.put(id, gap);
      nextAsk = Math.min(nextAsk, gap.askAt);
    } else if (gap.announcers.size() < MAX_ANNOUNCERS && !gap.announcers.contains(by)) {
      gap.announcers.add(by);
    }
  }

  /** Notes that a rumour has come. */
  void found(RumourId id) {
    var gap = gaps.remove(id);
    if (gap != null) {
      release(gap);
    }
  }

  /** Notes that a neighbour cannot be asked any more. */
  void gone(NodeId peer) {
    var each = gaps.values().iterator();
    while (each.hasNext()) {
      var gap = each.next();
      if (!gap.announcers.contains(peer)) {
        continue;
      }
      release(gap);
      gap.announcers.remove(peer);
      if (gap.announcers.isEmpty()) {
        each.remove();
      } else {
        byFirstAnnouncer.merge(gap.announcers.getFirst(), 1, Integer::sum);
      }
    }
  }

  /** What to ask now, by whom to ask: each time another announcer, with growing pauses. */
  Map<NodeId, List<RumourId>> due(long now) {
    if (now < nextAsk) {
      return Map.of();
    }
    var questions = new LinkedHashMap<NodeId, List<RumourId>>();
    nextAsk = Long.MAX_VALUE;
    var each = gaps.entrySet().iterator();
    while (each.hasNext()) {
      var entry = each.next();
      var gap = entry.getValue();
      if (gap.askAt <= now && gap.tries == MAX_TRIES) {
        each.remove();
        release(gap);
        continue;
      }
      if (gap.askAt <= now) {
        var whom = gap.announcers.get(gap.tries % gap.announcers.size());
        questions.computeIfAbsent(whom, _ -> new ArrayList<>()).add(entry.getKey());
        gap.tries++;
        gap.askAt = now + gap.pause;
        gap.pause *= 2;
      }
      nextAsk = Math.min(nextAsk, gap.askAt);
    }
    return questions;
  }

  /** When something is to be asked next; {@code Long.MAX_VALUE} if never. */
  long nextAsk() {
    return nextAsk;
  }

  int size() {
    return gaps.size();
  }

  private void release(Gap gap) {
    byFirstAnnouncer.computeIfPresent(
        gap.announcers.getFirst(), (_, count) -> count == 1 ? null : count - 1);
  }
}
