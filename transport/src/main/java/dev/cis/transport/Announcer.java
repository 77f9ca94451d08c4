package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells listeners of peers, from one thread. It keeps no queue of events: for each listener it
 * compares what that was told last with what is true now, so a slow listener costs no memory and
 * still hears up and down in turn.
 */
final class Announcer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Announcer.class);

  private static final class Told {
    final Swarm.PeerListener listener;
    final Predicate<Live> counts;
    final Map<NodeId, Live> links = new HashMap<>();
    final Map<NodeId, Address> addresses = new HashMap<>();

    Told(Swarm.PeerListener listener, Predicate<Live> counts) {
      this.listener = listener;
      this.counts = counts;
    }
  }

  private final List<Told> listeners = new CopyOnWriteArrayList<>();
  private final Object monitor = new Object();
  private final Set<NodeId> changed = new LinkedHashSet<>();
  private final Map<NodeId, Signed<PeerRecord>> news = new LinkedHashMap<>();
  private final Thread thread;
  private final Peers peers;
  private boolean closed;

  Announcer(String name, Peers peers) {
    this.peers = peers;
    this.thread = Thread.ofVirtual().name("announce-" + name).unstarted(this::run);
  }

  void start() {
    peers.watch(this::changed);
    thread.start();
  }

  /** Tells only of links that count, which is asked again whenever a link changes. */
  Swarm.Registration listen(Swarm.PeerListener listener, Predicate<Live> counts) {
    var told = new Told(listener, counts);
    listeners.add(told);
    peers.all().forEach(live -> changed(live.peer()));
    return () -> listeners.remove(told);
  }

  /** The link to this peer came, went or was replaced. */
  void changed(NodeId peer) {
    synchronized (monitor) {
      changed.add(peer);
      monitor.notifyAll();
    }
  }

  /** The address book has a newer record. */
  void described(Signed<PeerRecord> record) {
    synchronized (monitor) {
      news.put(record.value().node(), record);
      monitor.notifyAll();
    }
  }

  /** Tells what is left to tell, then stops. */
  @Override
  public void close() {
    synchronized (monitor) {
      closed = true;
      monitor.notifyAll();
    }
    try {
      if (!Thread.currentThread().equals(thread)) {
        thread.join(2_000);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    while (true) {
      List<NodeId> links;
      List<Signed<PeerRecord>> records;
      synchronized (monitor) {
        while (changed.isEmpty() && news.isEmpty() && !closed) {
          try {
            monitor.wait();
          } catch (InterruptedException e) {
            return;
          }
        }
        if (changed.isEmpty() && news.isEmpty()) {
          return;
        }
        links = List.copyOf(changed);
        records = List.copyOf(news.values());
        changed.clear();
        news.clear();
      }
      links.forEach(this::tellLink);
      records.forEach(this::tellRecord);
    }
  }

  /** A record of somebody who is linked to us is for those to whom the link counts. */
  private void tellRecord(Signed<PeerRecord> record) {
    var live = peers.live(record.value().node());
    for (var told : listeners) {
      if (live == null || told.counts.test(live)) {
        tell(() -> told.listener.described(record));
      }
    }
  }

  private void tellLink(NodeId peer) {
    var there = peers.live(peer);
    var reason = peers.lastEnd(peer);
    for (var told : listeners) {
      var live = there != null && told.counts.test(there) ? there : null;
      var before = told.links.get(peer);
      if (before == live) {
        tellMove(told, live);
        continue;
      }
      if (before != null) {
        told.links.remove(peer);
        told.addresses.remove(peer);
        tell(() -> told.listener.down(peer, reason));
      }
      if (live != null) {
        told.links.put(peer, live);
        told.addresses.put(peer, live.link.remote());
        tell(() -> told.listener.up(live.look()));
      }
    }
    peers.forgetEnd(peer);
  }

  private static void tellMove(Told told, @Nullable Live live) {
    if (live != null && !live.link.remote().equals(told.addresses.get(live.peer()))) {
      told.addresses.put(live.peer(), live.link.remote());
      tell(() -> told.listener.moved(live.look()));
    }
  }

  private static void tell(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      LOG.error("event=listener-defect", e);
    }
  }
}
