package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Machine;
import dev.cis.transport.PeerRecord;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Our requests that wait for an answer. All have the same timeout, so they run out in order. */
final class Requests {
  /**
   * One of them.
   *
   * @param lookup for which it is made; null for a liveness check
   */
  record Pending(long id, Signed<PeerRecord> to, @Nullable Lookup lookup, Duration sentAt) {
    NodeId node() {
      return to.value().node();
    }
  }

  private final KademliaConfig config;
  private final Map<Long, Pending> pending = new HashMap<>();
  private final Map<NodeId, Integer> asking = new HashMap<>();
  private final ArrayDeque<Pending> bySending = new ArrayDeque<>();
  private final ArrayDeque<Pending> notYetSlow = new ArrayDeque<>();
  private long lastId;

  Requests(KademliaConfig config) {
    this.config = config;
  }

  long add(Signed<PeerRecord> to, @Nullable Lookup lookup, Duration now) {
    var request = new Pending(++lastId, to, lookup, now);
    pending.put(request.id, request);
    asking.merge(request.node(), 1, Integer::sum);
    bySending.add(request);
    if (lookup != null) {
      notYetSlow.add(request);
    }
    return request.id;
  }

  boolean isAsking(NodeId node) {
    return asking.containsKey(node);
  }

  /** Takes out the request with this id, if it was to this node. */
  Optional<Pending> take(long id, NodeId node) {
    var request = pending.get(id);
    if (request == null || !request.node().equals(node)) {
      return Optional.empty();
    }
    drop(request);
    return Optional.of(request);
  }

  private void drop(Pending request) {
    pending.remove(request.id);
    asking.computeIfPresent(request.node(), (node, n) -> n == 1 ? null : n - 1);
  }

  /** Takes out those whose time is over. */
  List<Pending> expired(Duration now) {
    var expired = new ArrayList<Pending>();
    for (var next = first(bySending);
        next != null && next.sentAt.plus(config.requestTimeout()).compareTo(now) <= 0;
        next = first(bySending)) {
      drop(next);
      expired.add(next);
    }
    return expired;
  }

  /** Those that have become slow since the last call. */
  List<Pending> slow(Duration now) {
    var slow = new ArrayList<Pending>();
    for (var next = first(notYetSlow);
        next != null && next.sentAt.plus(config.slowAfter()).compareTo(now) <= 0;
        next = first(notYetSlow)) {
      notYetSlow.remove();
      slow.add(next);
    }
    return slow;
  }

  Duration wakeAt() {
    var oldest = first(bySending);
    var slow = first(notYetSlow);
    var timeout = oldest == null ? Machine.NEVER : oldest.sentAt.plus(config.requestTimeout());
    var slowAt = slow == null ? Machine.NEVER : slow.sentAt.plus(config.slowAfter());
    return timeout.compareTo(slowAt) < 0 ? timeout : slowAt;
  }

  /** The first that still waits, after dropping from the queue those that do not. */
  private @Nullable Pending first(ArrayDeque<Pending> queue) {
    while (true) {
      var head = queue.peek();
      if (head == null || pending.containsKey(head.id)) {
        return head;
      }
      queue.remove();
    }
  }
}
