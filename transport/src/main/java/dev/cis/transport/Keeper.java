package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.transport.proto.Backoff;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The peers that shall stay connected: each as long as anyone wants it, redialled with pauses that
 * double up to a limit.
 */
final class Keeper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Keeper.class);

  /** The swarm's connect. */
  interface Connect {
    void to(NodeId node, Duration within) throws InterruptedException;
  }

  private final Dialling config;
  private final Peers peers;
  private final Dials dials;
  private final Dismissals dismissals;
  private final Connect connect;
  private final Supplier<Now> clock;
  private final RandomGenerator random;
  private final Map<NodeId, Set<String>> tags = new HashMap<>();
  private final Map<NodeId, Thread> kept = new ConcurrentHashMap<>();
  private final Set<NodeId> suspended = new HashSet<>();
  private volatile boolean closed;

  Keeper(
      Dialling config,
      Peers peers,
      Dials dials,
      Dismissals dismissals,
      Connect connect,
      Supplier<Now> clock,
      RandomGenerator random) {
    this.config = config;
    this.peers = peers;
    this.dials = dials;
    this.dismissals = dismissals;
    this.connect = connect;
    this.clock = clock;
    this.random = random;
  }

  synchronized void keep(NodeId node, String tag) {
    tags.computeIfAbsent(node, _ -> new HashSet<>()).add(tag);
    if (!suspended.contains(node)) {
      redial(node);
    }
  }

  private void redial(NodeId node) {
    if (!closed) {
      kept.computeIfAbsent(
          node,
          _ -> Thread.ofVirtual().name("keep-" + node.brief()).start(() -> keepConnected(node)));
    }
  }

  private void stop(NodeId node) {
    var thread = kept.remove(node);
    if (thread != null) {
      thread.interrupt();
    }
  }

  synchronized void release(NodeId node, String tag) {
    var wanted = tags.get(node);
    if (wanted == null || !wanted.remove(tag) || !wanted.isEmpty()) {
      return;
    }
    tags.remove(node);
    suspended.remove(node);
    stop(node);
  }

  /** The peers that shall be connected now. */
  Set<NodeId> wanted() {
    return new HashSet<>(kept.keySet());
  }

  /** Whether anyone wants it connected. */
  synchronized boolean isKept(NodeId node) {
    return tags.containsKey(node);
  }

  /** A user wants no connection with it for now. */
  synchronized void suspend(NodeId node) {
    if (tags.containsKey(node)) {
      suspended.add(node);
      stop(node);
    }
  }

  /** A user wants a connection again, or there is one. */
  synchronized void resume(NodeId node) {
    if (suspended.remove(node)) {
      redial(node);
    }
  }

  /** A user wants it now: no pause is over later than at once. */
  synchronized void hurry(NodeId node) {
    suspended.remove(node);
    if (tags.containsKey(node)) {
      stop(node);
      redial(node);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    kept.values().forEach(Thread::interrupt);
    kept.clear();
  }

  private Duration uptime() {
    return clock.get().uptime();
  }

  private void keepConnected(NodeId node) {
    var backoff = new Backoff(config.backoffMin(), config.backoffMax(), random);
    try {
      while (!closed) {
        var live = peers.live(node);
        if (live != null) {
          var since = uptime();
          boolean _ = peers.awaitOther(node, live, Long.MAX_VALUE);
          backoff.lasted(uptime(), uptime().minus(since));
          continue;
        }
        if (peers.awaitOther(node, null, pause(node, backoff))) {
          continue;
        }
        try {
          connect.to(node, config.dialTimeout());
        } catch (Fault e) {
          backoff.failed(uptime());
          LOG.debug("event=redial-failed peer={} message={}", node.brief(), e.getMessage());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Also a kept peer that asked to be left alone is left alone. */
  private long pause(NodeId node, Backoff backoff) {
    var own = backoff.left(uptime());
    var asked = Math.max(dials.left(node).toNanos(), dismissals.left(node).toNanos());
    return Math.max(own.toNanos(), asked);
  }
}
