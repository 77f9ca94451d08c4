package dev.cis.transport;

import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** What happened since the node started: connections and why they ended, streams, datagrams. */
public final class Counters {
  /** Peers whose ends are remembered, and ends of each. */
  static final int PEERS = 1024;

  static final int ENDS = 4;
  private static final int MAX_REASON = 200;
  private static final long WAIT_MILLIS = 500;

  private final LongAdder dials = new LongAdder();
  private final LongAdder failedDials = new LongAdder();
  private final LongAdder accepted = new LongAdder();
  private final LongAdder streamsOpened = new LongAdder();
  private final LongAdder streamsAccepted = new LongAdder();
  private final LongAdder streamsRefused = new LongAdder();
  // Guarded by this.
  private final SortedMap<String, Long> ended = new TreeMap<>();
  private final Map<NodeId, Deque<End>> ends = new LinkedHashMap<>();
  private Link.Packets past = Link.Packets.NONE;

  /**
   * How a connection ended.
   *
   * @param how who ended it and with which code, such as {@code here goodbye}, {@code peer
   *     exhausted} or {@code lost}
   * @param code the close code, -1 if it was lost
   * @param reason in words
   */
  public record End(NodeId peer, Instant at, String how, long code, String reason) {}

  /**
   * Everything at one moment.
   *
   * @param dials connections that we made
   * @param failedDials attempts at single addresses that led to none
   * @param accepted connections that others made
   * @param ended connections that ended, by how
   * @param packets of all connections, live and ended
   * @param ends the latest, newest first
   */
  public record Look(
      long dials,
      long failedDials,
      long accepted,
      SortedMap<String, Long> ended,
      long streamsOpened,
      long streamsAccepted,
      long streamsRefused,
      Link.Packets packets,
      List<End> ends) {}

  void dialled() {
    dials.increment();
  }

  void dialFailed() {
    failedDials.increment();
  }

  void accepted() {
    accepted.increment();
  }

  void stream(boolean opener) {
    (opener ? streamsOpened : streamsAccepted).increment();
  }

  void refused() {
    streamsRefused.increment();
  }

  /** A connection is over; its packets are known a little later. */
  void ended(Link link, Instant now, String reason) {
    var how = how(link);
    synchronized (this) {
      ended.merge(how, 1L, Long::sum);
      var known = ends.remove(link.peer());
      var its = known == null ? new ArrayDeque<End>() : known;
      if (its.size() == ENDS) {
        its.removeLast();
      }
      its.addFirst(
          new End(
              link.peer(),
              now,
              how,
              Math.max(link.closeCode(), link.peerCloseCode()), // one of them at most is there
              Wording.printable(Wording.cut(reason, MAX_REASON))));
      ends.put(link.peer(), its);
      if (ends.size() > PEERS) {
        ends.remove(ends.keySet().iterator().next());
      }
    }
    link.packets(this::add);
  }

  private synchronized void add(Link.Packets packets) {
    past = past.plus(packets);
  }

  private static String how(Link link) {
    if (link.closeCode() >= 0) {
      return "here " + word(link.closeCode());
    }
    return link.peerCloseCode() >= 0 ? "peer " + word(link.peerCloseCode()) : "lost";
  }

  /** A code as documented; unknown ones are a defect of whoever sent them. */
  static String word(long code) {
    if (code == Link.GOODBYE) {
      return "goodbye";
    }
    if (code == Link.TRIMMED) {
      return "trimmed";
    }
    return code == Link.DISMISSED
        ? "dismissed"
        : Kind.ofCloseCode(code).name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** What is counted, with the packets of these live links. */
  Look look(Collection<Link> live) {
    var sum = new ArrayList<Link.Packets>();
    var heard = new CountDownLatch(live.size());
    for (var link : live) {
      link.packets(packets -> {
        synchronized (sum) {
          sum.add(packets);
        }
        heard.countDown();
      });
    }
    try {
      boolean _ = heard.await(WAIT_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    var packets = Link.Packets.NONE;
    synchronized (sum) {
      for (var each : sum) {
        packets = packets.plus(each);
      }
    }
    synchronized (this) {
      return new Look(
          dials.sum(),
          failedDials.sum(),
          accepted.sum(),
          new TreeMap<>(ended),
          streamsOpened.sum(),
          streamsAccepted.sum(),
          streamsRefused.sum(),
          packets.plus(past),
          ends());
    }
  }

  /** The latest ends, newest first: at most {@link #ENDS} of each peer. */
  synchronized List<End> ends() {
    return ends.values().stream()
        .flatMap(Deque::stream)
        .sorted((a, b) -> b.at.compareTo(a.at))
        .toList();
  }
}
