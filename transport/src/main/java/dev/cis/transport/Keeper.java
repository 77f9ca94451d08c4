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
  private final Connect connect;
  private final Supplier<Now> clock;
  private final RandomGenerator random;
  private final Map<NodeId, Set<String>> tags = new HashMap<>();
  private final Map<NodeId, Thread> kept = new ConcurrentHashMap<>();
  private final Map<NodeId, Boolean> suspended = new ConcurrentHashMap<>();
  private volatile boolean closed;

  Keeper(
      Dialling config,
      Peers peers,
      Dials dials,
      Connect connect,
      Supplier<Now> clock,
      RandomGenerator random) {
    this.config = config;
    this.peers = peers;
    this.dials = dials;
    this.connect = connect;
    this.clock = clock;
    this.random = random;
  }

  synchronized void keep(NodeId node, String tag) {
    resume(node);
    tags.computeIfAbsent(node, _ -> new HashSet<>()).add(tag);
    kept.computeIfAbsent(
        node,
        _ -> Thread.ofVirtual().name("keep-" + node.brief()).start(() -> keepConnected(node)));
  }

  synchronized void release(NodeId node, String tag) {
    var wanted = tags.get(node);
    if (wanted == null || !wanted.remove(tag) || !wanted.isEmpty()) {
      return;
    }
    tags.remove(node);
    suspended.remove(node);
    var thread = kept.remove(node);
    if (thread != null) {
      thread.interrupt();
    }
  }

  /** The peers that shall be connected now. */
  Set<NodeId> wanted() {
    var wanted = new HashSet<>(kept.keySet());
    wanted.removeAll(suspended.keySet());
    return wanted;
  }

  /** Whether anyone wants it connected. */
  boolean isKept(NodeId node) {
    return kept.containsKey(node);
  }

  /** A user wants no connection with it for now. */
  void suspend(NodeId node) {
    if (kept.containsKey(node)) {
      suspended.put(node, true);
    }
  }

  /** Someone wants a connection again. */
  void resume(NodeId node) {
    suspended.remove(node);
  }

  @Override
  public void close() {
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
        if (peers.awaitOther(node, null, pause(node, backoff)) || suspended.containsKey(node)) {
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
    var asked = dials.left(node);
    return Math.max(own.toNanos(), asked.toNanos());
  }
}
