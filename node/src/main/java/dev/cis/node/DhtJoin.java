package dev.cis.node;

import dev.cis.dht.Routing;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.PeerLink;
import dev.cis.transport.Swarm;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Joins the DHT as soon as there is a peer to ask, and again with each new peer while few nodes are
 * known: a look for our own position makes us known to our neighbours.
 */
final class DhtJoin implements Swarm.PeerListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DhtJoin.class);
  private static final Duration WITHIN = Duration.ofSeconds(30);
  private static final int FEW = 20;

  private final Routing routing;
  private final Swarm.Registration registration;
  private final Semaphore asked = new Semaphore(0);
  private final Thread thread;

  DhtJoin(Swarm swarm, Routing routing) {
    this.routing = routing;
    this.thread = Thread.ofVirtual().name("dht-join").start(this::run);
    this.registration = swarm.listen(this);
  }

  @Override
  public void up(PeerLink link) {
    asked.release();
  }

  @Override
  public void down(NodeId node, String reason) {}

  private void run() {
    boolean joined = false;
    try {
      while (true) {
        asked.acquire();
        var _ = asked.drainPermits(); // peers that came together are one occasion
        if (!joined || routing.tableSize() < FEW) {
          joined = join() || joined;
        }
      }
    } catch (InterruptedException e) {
      LOG.debug("event=dht-join-ended");
    }
  }

  private boolean join() {
    try {
      LOG.info("event=dht-joined nodes={}", routing.bootstrap(WITHIN));
      return true;
    } catch (Fault e) {
      LOG.info("event=dht-join-failed reason=\"{}\"", e.getMessage());
      return false;
    }
  }

  @Override
  public void close() {
    registration.close();
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
