package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Redials the peers that shall stay connected, with pauses that double up to a limit. */
final class Keeper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Keeper.class);

  /** The swarm's connect. */
  interface Connect {
    void to(NodeId node, Duration within) throws InterruptedException;
  }

  private final TransportConfig config;
  private final Peers peers;
  private final Connect connect;
  private final RandomGenerator random;
  private final Map<NodeId, Thread> kept = new ConcurrentHashMap<>();
  private final Map<NodeId, Boolean> suspended = new ConcurrentHashMap<>();
  private volatile boolean closed;

  Keeper(TransportConfig config, Peers peers, Connect connect, RandomGenerator random) {
    this.config = config;
    this.peers = peers;
    this.connect = connect;
    this.random = random;
  }

  void keep(NodeId node) {
    resume(node);
    kept.computeIfAbsent(
        node,
        _ -> Thread.ofVirtual().name("keep-" + node.brief()).start(() -> keepConnected(node)));
  }

  void release(NodeId node) {
    var thread = kept.remove(node);
    suspended.remove(node);
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

  private void keepConnected(NodeId node) {
    var pause = Duration.ZERO;
    try {
      while (!closed) {
        var live = peers.live(node);
        if (live != null) {
          var since = Uptime.CLOCK.now().uptime();
          boolean _ = peers.awaitOther(node, live, Long.MAX_VALUE);
          var lasted = Uptime.CLOCK.now().uptime().minus(since);
          // A link that did not last earns no fresh start.
          pause = lasted.compareTo(pause) > 0 ? config.dialling().backoffMin() : longer(pause);
          continue;
        }
        boolean back = peers.awaitOther(node, null, jittered(pause));
        if (back || suspended.containsKey(node)) {
          continue;
        }
        try {
          connect.to(node, config.dialling().dialTimeout());
        } catch (Fault e) {
          pause = longer(pause);
          LOG.debug("event=redial-failed peer={} message={}", node.brief(), e.getMessage());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** From half to one and a half of the pause, so that many nodes do not dial in step. */
  private long jittered(Duration pause) {
    return (long) (pause.toNanos() * (0.5 + random.nextDouble()));
  }

  private Duration longer(Duration pause) {
    var twice = pause.isZero() ? config.dialling().backoffMin() : pause.multipliedBy(2);
    return twice.compareTo(config.dialling().backoffMax()) < 0
        ? twice
        : config.dialling().backoffMax();
  }
}
