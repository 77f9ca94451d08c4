package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.transport.PeerRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One way towards a target: candidates by distance, each named by somebody asked on the same way.
 * Several disjoint ones (Baumgart and Mies, S/Kademlia, section 4.4) do not share whom they ask, so
 * a liar leads astray only those who asked it.
 */
final class Path {
  private enum State {
    FRESH,
    ASKED,
    SLOW,
    ANSWERED,
    SILENT
  }

  /** Somebody who may know more. */
  static final class Candidate {
    final Signed<PeerRecord> record;
    final NodeId node;
    final String subnet;

    /** How many questions it took to be asked, this one included. */
    final int depth;

    private State state = State.FRESH;
    private int attempts;

    Candidate(Signed<PeerRecord> record, int depth) {
      this.record = record;
      this.node = record.value().node();
      this.subnet = Subnets.claimed(record);
      this.depth = depth;
    }

    boolean hasAnswered() {
      return state == State.ANSWERED;
    }

    boolean isFresh() {
      return state == State.FRESH;
    }

    /** Notes that it is asked now. */
    void asked() {
      state = State.ASKED;
      attempts++;
    }
  }

  private final NodeId target;
  private final KademliaConfig config;
  private final int enough;
  private final ArrayList<Candidate> candidates = new ArrayList<>();
  private final Subnets subnets = new Subnets();
  private int inFlight;
  private boolean arrived;

  /** It ends when the {@code enough} closest that can be heard have answered. */
  Path(NodeId target, KademliaConfig config, int enough) {
    this.target = target;
    this.config = config;
    this.enough = enough;
  }

  int inFlight() {
    return inFlight;
  }

  /** Notes that nobody much closer than those known is to be expected. */
  void arrived() {
    arrived = true;
  }

  boolean hasArrived() {
    return arrived;
  }

  /** Whether this node is among the so many closest that are known. */
  boolean isAmongClosest(NodeId node, int count) {
    int at = position(node);
    return at >= 0 && at < count;
  }

  List<Candidate> candidates() {
    return candidates;
  }

  /** Somebody says that this node exists, and it would be the so many-th question to ask it. */
  void offer(Signed<PeerRecord> record, int depth) {
    int at = position(record.value().node());
    if (at < 0 && -at - 1 < most()) {
      insert(-at - 1, new Candidate(record, depth));
    }
  }

  /** The same of somebody who was asked on another way. */
  void offer(Candidate candidate) {
    int at = position(candidate.node);
    if (at < 0 && -at - 1 < most()) {
      insert(-at - 1, candidate);
    }
  }

  private int most() {
    return 3 * config.k();
  }

  /** The farthest give way when there are too many. */
  private void insert(int at, Candidate candidate) {
    if (subnets.has(candidate.subnet, config.perSubnet())) {
      return;
    }
    int limit = most();
    candidates.add(at, candidate);
    subnets.add(candidate.subnet);
    for (int i = candidates.size() - 1; i >= 0 && candidates.size() > limit; i--) {
      if (candidates.get(i).state == State.FRESH) {
        subnets.remove(candidates.remove(i).subnet);
      }
    }
  }

  /** Whom to ask now, if anybody; those asked on other ways are passed over. */
  @Nullable Candidate next(Set<NodeId> askedElsewhere) {
    int rank = 0;
    for (int i = 0; i < candidates.size(); ) {
      var candidate = candidates.get(i);
      if (candidate.state == State.FRESH) {
        if (candidate.attempts == 0 && askedElsewhere.contains(candidate.node)) {
          subnets.remove(candidates.remove(i).subnet);
          continue;
        }
        return candidate;
      }
      boolean counts = candidate.state != State.SILENT && candidate.state != State.SLOW;
      if (counts && ++rank >= enough) {
        return null;
      }
      i++;
    }
    return null;
  }

  void ask(Candidate candidate) {
    candidate.asked();
    inFlight++;
  }

  /** The candidate, if an answer of it is wanted; it counts as answered from here on. */
  @Nullable Candidate answered(NodeId node) {
    var candidate = waitedFor(node);
    if (candidate != null) {
      candidate.state = State.ANSWERED;
      inFlight--;
    }
    return candidate;
  }

  void failed(NodeId node) {
    var candidate = waitedFor(node);
    if (candidate != null) {
      candidate.state = candidate.attempts < config.attempts() ? State.FRESH : State.SILENT;
      inFlight--;
    }
  }

  void slow(NodeId node) {
    var candidate = waitedFor(node);
    if (candidate != null) {
      candidate.state = State.SLOW;
    }
  }

  /** Whether nothing more is to be asked or waited for. */
  boolean isOver(Set<NodeId> askedElsewhere) {
    if (next(askedElsewhere) != null) {
      return false;
    }
    int rank = 0;
    boolean waiting = false;
    for (var candidate : candidates) {
      switch (candidate.state) {
        case ASKED -> {
          return false;
        }
        case SLOW -> waiting = true;
        case ANSWERED -> rank++;
        case FRESH, SILENT -> {}
      }
      if (rank >= enough) {
        return true;
      }
    }
    return !waiting;
  }

  /** Whether an answer of somebody is still waited for. */
  boolean isWaiting() {
    return inFlight > 0;
  }

  private @Nullable Candidate waitedFor(NodeId node) {
    int at = position(node);
    if (at < 0) {
      return null;
    }
    var candidate = candidates.get(at);
    return candidate.state == State.ASKED || candidate.state == State.SLOW ? candidate : null;
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
