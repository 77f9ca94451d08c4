package dev.cis.cli;

import dev.cis.api.ControlClient;
import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.kernel.fault.Fault;
import dev.cis.node.Home;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Looks ten times a second at the connection of a node to a peer, until it is closed. */
final class LinkWatch implements AutoCloseable {
  private static final long EVERY_MILLIS = 100;

  private final ControlClient client;
  private final String peer;
  private final Thread thread;
  private final Set<Instant> connections = new LinkedHashSet<>();
  private volatile boolean closed;
  private volatile String path = "none";
  private volatile long received;
  private long grownAt;
  private Duration longestPause = Duration.ZERO;

  LinkWatch(Terminal node, String peer) {
    this.client = new ControlClient(new Home(node.home()));
    this.peer = peer;
    this.thread = Thread.ofVirtual().name("watch-" + peer).start(this::watch);
  }

  private void watch() {
    try {
      while (!closed) {
        try {
          look(client.call(new Request.Peers(true, false), Result.Peers.class).peers());
        } catch (Fault e) {
          path = "none";
        }
        Thread.sleep(EVERY_MILLIS);
      }
    } catch (InterruptedException e) {
      closed = true;
    }
  }

  private void look(List<Result.Peer> peers) {
    var seen = peers.stream().filter(each -> each.name().equals(peer)).findFirst().orElse(null);
    see(seen == null ? "none" : String.valueOf(seen.path()), seen);
  }

  private synchronized void see(String by, Result.@Nullable Peer link) {
    path = by;
    if (link == null) {
      return;
    }
    if (link.since() != null) {
      connections.add(link.since());
    }
    long now = System.nanoTime();
    if (link.bytesReceived() != received) {
      grownAt = now;
      received = link.bytesReceived();
    } else if (grownAt != 0) {
      var pause = Duration.ofNanos(now - grownAt);
      longestPause = pause.compareTo(longestPause) > 0 ? pause : longestPause;
    }
  }

  /** {@code direct}, {@code relay}, {@code turn}, or {@code none} while there is no connection. */
  String path() {
    return path;
  }

  /** Bytes that came on the connection of the moment. */
  long received() {
    return received;
  }

  /** How many connections there have been. */
  synchronized int connections() {
    return connections.size();
  }

  /** The longest time without a byte since this was asked last. */
  synchronized Duration longestPause() {
    var longest = longestPause;
    longestPause = Duration.ZERO;
    grownAt = System.nanoTime();
    return longest;
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
