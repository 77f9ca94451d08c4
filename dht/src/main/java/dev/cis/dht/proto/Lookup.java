package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.transport.PeerRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One iterative lookup (Kademlia, section 2.3): the candidates by distance, whom to ask next, and
 * when it is over.
 */
final class Lookup {
  /** Why the machine runs it; the first two are the caller's. */
  enum Kind {
    FIND_PEER,
    FIND_CLOSEST,
    SELF,
    REFRESH
  }

  private enum State {
    FRESH,
    ASKED,
    ANSWERED,
    SILENT
  }

  private static final class Candidate {
    final Signed<PeerRecord> record;
    final NodeId node;
    State state = State.FRESH;
    int attempts;

    Candidate(Signed<PeerRecord> record) {
      this.record = record;
      this.node = record.value().node();
    }
  }

  private final long id;
  private final NodeId target;
  private final Kind kind;
  private final KademliaConfig config;
  private final int enough;
  private final ArrayList<Candidate> candidates = new ArrayList<>();
  private @Nullable Signed<PeerRecord> found;
  private int parallel;
  private int inFlight;
  private int requests;

  Lookup(long id, NodeId target, Kind kind, KademliaConfig config) {
    this.id = id;
    this.target = target;
    this.kind = kind;
    this.config = config;
    this.parallel = config.alpha();
    this.enough = kind == Kind.REFRESH ? Math.min(config.beta(), config.k()) : config.k();
  }

  long id() {
    return id;
  }

  NodeId target() {
    return target;
  }

  Kind kind() {
    return kind;
  }

  int requests() {
    return requests;
  }

  Optional<Signed<PeerRecord>> found() {
    return Optional.ofNullable(found);
  }

  /** Somebody knows this node; the farthest give way when there are too many. */
  void offer(Signed<PeerRecord> record) {
    var node = record.value().node();
    if (kind == Kind.FIND_PEER && node.equals(target)) {
      // Its own words are the answer; asking it would only tell that it can be reached.
      if (found == null || record.value().sequence() > found.value().sequence()) {
        found = record;
      }
      return;
    }
    int at = position(node);
    if (at >= 0) {
      return;
    }
    int limit = 3 * config.k();
    if (-at - 1 < limit) {
      candidates.add(-at - 1, new Candidate(record));
      trim(limit);
    }
  }

  private void trim(int limit) {
    for (int i = candidates.size() - 1; i >= 0 && candidates.size() > limit; i--) {
      if (candidates.get(i).state == State.FRESH) {
        candidates.remove(i);
      }
    }
  }

  /** Whom to ask now, if anybody; counts as asked from here on. */
  Optional<Signed<PeerRecord>> next() {
    if (inFlight >= parallel || requests >= config.lookupRequests() || found != null) {
      return Optional.empty();
    }
    int rank = 0;
    for (var candidate : candidates) {
      if (candidate.state == State.FRESH) {
        candidate.state = State.ASKED;
        candidate.attempts++;
        inFlight++;
        requests++;
        return Optional.of(candidate.record);
      }
      if (candidate.state != State.SILENT && ++rank >= enough) {
        break;
      }
    }
    return Optional.empty();
  }

  void answered(NodeId node) {
    var candidate = asked(node);
    if (candidate != null) {
      candidate.state = State.ANSWERED;
      inFlight--;
    }
  }

  void failed(NodeId node) {
    var candidate = asked(node);
    if (candidate != null) {
      candidate.state = candidate.attempts < config.attempts() ? State.FRESH : State.SILENT;
      inFlight--;
    }
  }

  /** An answer is slow in coming: ask one more at the same time. */
  void slow() {
    parallel = Math.min(config.alphaMax(), parallel + 1);
  }

  /** Whether there is nothing more to ask or to wait for; call after {@link #next} was drained. */
  boolean isOver() {
    if (found != null) {
      return true;
    }
    int rank = 0;
    for (var candidate : candidates) {
      if (candidate.state == State.ASKED) {
        return false;
      }
      if (candidate.state == State.FRESH && requests < config.lookupRequests()) {
        return false;
      }
      if (candidate.state == State.ANSWERED && ++rank >= enough) {
        return true;
      }
    }
    return inFlight == 0;
  }

  /** The closest nodes that answered. */
  List<Signed<PeerRecord>> closest() {
    return candidates.stream()
        .filter(candidate -> candidate.state == State.ANSWERED)
        .limit(config.k())
        .map(candidate -> candidate.record)
        .toList();
  }

  private @Nullable Candidate asked(NodeId node) {
    int at = position(node);
    return at >= 0 && candidates.get(at).state == State.ASKED ? candidates.get(at) : null;
  }

  /** The index of the node, or {@code -1 - where} it belongs. */
  private int position(NodeId node) {
    int low = 0;
    int high = candidates.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = Distance.compare(target, candidates.get(middle).node, node);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1 - low;
  }
}
