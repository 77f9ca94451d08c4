package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Dials the several addresses of one host name: the families in turn, each a moment after the one
 * before or as soon as that has failed, and the first that answers wins (RFC 8305 sections 4 and
 * 5). The others are given up.
 */
final class Race {
  // As many as a peer has of its own; a name server may list more.
  private static final int MAX_ADDRESSES = 32;

  private final Network network;
  private final @Nullable NodeId expected;
  private final Deadline deadline;
  private final Dialling dialling;
  private final BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>(MAX_ADDRESSES);
  private final List<Thread> runners = new ArrayList<>();
  private boolean over;

  private record Outcome(@Nullable Link link, @Nullable Fault fault) {}

  Race(Network network, @Nullable NodeId expected, Deadline deadline, Dialling dialling) {
    this.network = network;
    this.expected = expected;
    this.deadline = deadline;
    this.dialling = dialling;
  }

  /** The families in turn, IPv6 first, each in the order of the resolver. */
  static List<InetAddress> interleaved(List<InetAddress> addresses) {
    var six = new ArrayDeque<InetAddress>();
    var four = new ArrayDeque<InetAddress>();
    addresses.forEach(address -> (address instanceof Inet6Address ? six : four).add(address));
    var all = new ArrayList<InetAddress>();
    while (!six.isEmpty() || !four.isEmpty()) {
      if (!six.isEmpty()) {
        all.add(six.remove());
      }
      if (!four.isEmpty()) {
        all.add(four.remove());
      }
    }
    return all;
  }

  /**
   * The first link that came about.
   *
   * @throws Fault what the last address that failed said, if all did
   * @throws InterruptedException when the race is called off; nothing is left behind
   */
  Link run(List<InetAddress> hosts, int port) throws InterruptedException {
    var waiting =
        new ArrayDeque<>(
            interleaved(hosts).stream()
                .limit(MAX_ADDRESSES)
                .map(host -> new InetSocketAddress(host, port))
                .toList());
    if (waiting.size() == 1) {
      return network.dial(waiting.remove(), expected, within());
    }
    int running = 0;
    var last = new Fault(TransportCode.DIAL_FAILED, "the host has no address");
    try {
      while (running > 0 || !waiting.isEmpty()) {
        var next = waiting.poll();
        if (next != null) {
          start(next);
          running++;
        }
        long pause = waiting.isEmpty() ? Long.MAX_VALUE : dialling.dialStagger().toNanos();
        var outcome = outcomes.poll(pause, TimeUnit.NANOSECONDS);
        if (outcome != null && outcome.link() != null) {
          return outcome.link();
        }
        if (outcome != null && outcome.fault() != null) {
          last = outcome.fault();
          running--;
        }
      }
      throw last;
    } finally {
      callOff();
    }
  }

  private Duration within() {
    var left = deadline.remaining();
    if (left.isZero()) {
      throw new Fault(TransportCode.DIAL_TIMEOUT, "no time left to dial");
    }
    return left.compareTo(dialling.dialTimeout()) < 0 ? left : dialling.dialTimeout();
  }

  private void start(InetSocketAddress to) {
    runners.add(
        Thread.ofVirtual()
            .name("dial-" + Address.of(to))
            .start(() -> {
              try {
                finished(network.dial(to, expected, within()));
              } catch (Fault e) {
                boolean _ = outcomes.offer(new Outcome(null, e));
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // called off
              }
            }));
  }

  /** Hands the link over, or closes it if another was first. */
  private synchronized void finished(Link link) {
    if (over || !outcomes.offer(new Outcome(link, null))) {
      link.close(Link.GOODBYE, "not needed");
    }
  }

  private synchronized void callOff() {
    over = true;
    runners.forEach(Thread::interrupt);
    Outcome late;
    while ((late = outcomes.poll()) != null) {
      if (late.link() != null) {
        late.link().close(Link.GOODBYE, "not needed");
      }
    }
  }
}
