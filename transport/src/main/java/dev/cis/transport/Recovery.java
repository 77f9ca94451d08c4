package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings connections back after the machine slept or its network changed, without waiting for their
 * time-outs: every link is pinged at once, one that does not answer is dropped, and who was linked
 * before is dialled until it is there again or too much time has passed.
 */
final class Recovery implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);
  // Peers that are being dialled again, and how many of them at once.
  private static final int MAX_MISSING = 1024;
  private static final int MAX_DIALS = 32;
  private static final Duration GIVE_UP = Duration.ofMinutes(10);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** What a recovery does to the swarm. */
  interface Hands {
    /** Pings on this link; a fault if it does not answer in time. */
    void ping(Live live, Duration within);

    /** Closes the link and forgets it. */
    void drop(Live live, String reason);

    /** Dials the peer unless it is linked. */
    void connect(NodeId node, Duration within) throws InterruptedException;

    /** The peers that shall be connected, whether they are or not. */
    Set<NodeId> kept();

    /** Signs and sends the record anew, since the addresses have changed. */
    void announce();
  }

  private final TransportConfig config;
  private final Network network;
  private final Peers peers;
  private final Hands hands;
  private final Surroundings surroundings;
  private final Thread watcher;
  private final Set<NodeId> missing = ConcurrentHashMap.newKeySet();
  private final Set<Live> asked = ConcurrentHashMap.newKeySet();
  private final Semaphore dials = new Semaphore(MAX_DIALS);
  private Set<NodeId> linked = Set.of();
  private long changes;
  private boolean closed;

  Recovery(TransportConfig config, Network network, Peers peers, Hands hands) {
    this.config = config;
    this.network = network;
    this.peers = peers;
    this.hands = hands;
    this.surroundings = new Surroundings(config.liveness().idleTimeout().dividedBy(2));
    this.watcher = Thread.ofVirtual().name("surroundings").unstarted(this::watch);
  }

  void start() {
    watcher.start();
  }

  private void watch() {
    try {
      while (true) {
        var change = surroundings.look(Uptime.CLOCK.now(), network.interfaceAddresses());
        if (change.isAny()) {
          LOG.info("event=network-changed slept={} addresses={}", change.slept(), change.moved());
          changed(change.moved());
        }
        synchronized (this) {
          linked = linkedNow();
          if (closed) {
            return;
          }
          wait(config.liveness().watchEvery().toMillis());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Set<NodeId> linkedNow() {
    var now = new HashSet<NodeId>();
    peers.all().forEach(live -> now.add(live.peer()));
    return now;
  }

  /**
   * The network may have changed, or time may have passed unnoticed. Returns at once.
   *
   * @param moved whether our addresses are others now
   */
  void changed(boolean moved) {
    Set<NodeId> before;
    synchronized (this) {
      if (closed) {
        return;
      }
      before = new HashSet<>(linked);
      changes++;
      notifyAll(); // whoever pauses between two dials
    }
    if (moved) {
      Thread.ofVirtual().name("announce-addresses").start(hands::announce);
    }
    for (var live : peers.all()) {
      if (asked.add(live)) {
        Thread.ofVirtual().name("probe-" + live.peer().brief()).start(() -> probe(live));
      }
    }
    before.addAll(hands.kept());
    for (var node : before) {
      if (peers.live(node) == null) {
        regain(node);
      }
    }
  }

  /** No connection with this peer is wanted any more. */
  void forget(NodeId node) {
    synchronized (this) {
      missing.remove(node);
      var rest = new HashSet<>(linked);
      rest.remove(node);
      linked = rest;
      notifyAll();
    }
  }

  private void probe(Live live) {
    try {
      hands.ping(live, config.liveness().probeTimeout());
    } catch (Fault e) {
      LOG.info("event=link-dead peer={} message={}", live.peer().brief(), e.getMessage());
      hands.drop(live, "no answer after the network changed");
      regain(live.peer());
    } finally {
      asked.remove(live);
    }
  }

  private void regain(NodeId node) {
    if (missing.size() < MAX_MISSING && missing.add(node)) {
      Thread.ofVirtual().name("regain-" + node.brief()).start(() -> dial(node));
    }
  }

  private void dial(NodeId node) {
    var until = Deadline.in(GIVE_UP);
    var pause = config.dialling().backoffMin();
    try {
      while (!until.isOver() && missing.contains(node) && peers.live(node) == null) {
        long seen = changes();
        dials.acquire();
        try {
          hands.connect(node, config.dialling().dialTimeout());
          return;
        } catch (Fault e) {
          LOG.debug("event=regain-failed peer={} message={}", node.brief(), e.getMessage());
        } finally {
          dials.release();
        }
        if (awaitChange(seen, pause)) {
          pause = config.dialling().backoffMin();
        } else {
          pause = pause.multipliedBy(2);
          pause = pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      missing.remove(node);
    }
  }

  private synchronized long changes() {
    return changes;
  }

  /** Pauses; true if the network has changed again. */
  private synchronized boolean awaitChange(long seen, Duration pause) throws InterruptedException {
    var end = Deadline.in(pause);
    while (changes == seen && !closed && !end.isOver()) {
      wait(Math.max(1, end.remaining().toMillis()));
    }
    if (closed) {
      throw new InterruptedException("closed");
    }
    return changes != seen;
  }

  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }
}
