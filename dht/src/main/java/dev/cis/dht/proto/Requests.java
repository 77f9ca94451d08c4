package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import dev.cis.transport.PeerRecord;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends our requests, and knows those that wait for an answer. All have the same timeout, so they
 * run out in order.
 */
final class Requests {
  /** What a request is for. */
  sealed interface Reason {
    /** Whether the node is still there. */
    record Probe() implements Reason {}

    /** A step of a lookup. */
    record Step(Lookup lookup) implements Reason {}

    /** Something is to be kept. */
    record Keeping(Storing storing) implements Reason {}
  }

  /** One of them. */
  record Pending(long id, Signed<PeerRecord> to, Reason reason, Duration sentAt, Duration slowAt) {
    NodeId node() {
      return to.value().node();
    }
  }

  private final KademliaConfig config;
  private final RoundTrip roundTrip;
  private final Map<Long, Pending> pending = new HashMap<>();
  private final Map<NodeId, Integer> asking = new HashMap<>();
  private final ArrayDeque<Pending> bySending = new ArrayDeque<>();
  private final PriorityQueue<Pending> notYetSlow =
      new PriorityQueue<>(Comparator.comparing(Pending::slowAt).thenComparingLong(Pending::id));
  private long lastId;
  private long sent;

  Requests(KademliaConfig config) {
    this.config = config;
    this.roundTrip = new RoundTrip(config.slowAfter());
  }

  /** How many were sent so far. */
  long sent() {
    return sent;
  }

  /** Asks a node; tells the id of the request. */
  long send(
      Now now,
      Signed<PeerRecord> to,
      DhtMessage.Request message,
      Reason reason,
      Consumer<DhtOutput> out) {
    sent++;
    long id = add(to, reason, now.uptime());
    out.accept(new DhtOutput.SendRequest(to, message, id));
    return id;
  }

  /** Asks a node of the table whether it is still there. */
  void probe(Now now, Contact contact, Consumer<DhtOutput> out) {
    contact.probing(now.uptime().plus(config.probeEvery()));
    long _ = send(now, contact.record(), new DhtMessage.Ping(), new Reason.Probe(), out);
  }

  private long add(Signed<PeerRecord> to, Reason reason, Duration now) {
    var request = new Pending(++lastId, to, reason, now, now.plus(roundTrip.slowAfter()));
    pending.put(request.id, request);
    asking.merge(request.node(), 1, Integer::sum);
    bySending.add(request);
    if (reason instanceof Reason.Step) {
      notYetSlow.add(request);
    }
    return request.id;
  }

  /** Whether one more may wait at the same time. */
  boolean hasRoom() {
    return pending.size() < config.inFlight();
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

  /** Notes that it was answered, so that we learn how long answers take. */
  void answered(Pending request, Duration now) {
    roundTrip.measured(now.minus(request.sentAt));
  }

  private void drop(Pending request) {
    pending.remove(request.id);
    asking.computeIfPresent(request.node(), (node, n) -> n == 1 ? null : n - 1);
  }

  /** Takes out those whose time is over. */
  List<Pending> expired(Duration now) {
    var expired = new ArrayList<Pending>();
    for (var next = oldest();
        next != null && next.sentAt.plus(config.requestTimeout()).compareTo(now) <= 0;
        next = oldest()) {
      drop(next);
      expired.add(next);
    }
    return expired;
  }

  /** Those that have become slow since the last call. */
  List<Pending> slow(Duration now) {
    var slow = new ArrayList<Pending>();
    for (var next = slowest(); next != null && next.slowAt.compareTo(now) <= 0; next = slowest()) {
      notYetSlow.remove();
      slow.add(next);
    }
    return slow;
  }

  Duration wakeAt() {
    var oldest = oldest();
    var slow = slowest();
    var timeout = oldest == null ? Machine.NEVER : oldest.sentAt.plus(config.requestTimeout());
    var slowAt = slow == null ? Machine.NEVER : slow.slowAt;
    return timeout.compareTo(slowAt) < 0 ? timeout : slowAt;
  }

  private @Nullable Pending oldest() {
    while (!bySending.isEmpty() && !pending.containsKey(bySending.element().id)) {
      bySending.remove();
    }
    return bySending.peek();
  }

  private @Nullable Pending slowest() {
    while (!notYetSlow.isEmpty() && !pending.containsKey(notYetSlow.element().id)) {
      notYetSlow.remove();
    }
    return notYetSlow.peek();
  }
}
