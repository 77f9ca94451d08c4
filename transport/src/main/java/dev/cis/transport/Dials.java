package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.transport.proto.Backoff;
import dev.cis.transport.proto.Pace;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Holds back dials: peers and addresses that could not be reached are left alone for a while, and
 * only so many addresses are dialled at one time and in a second. Thread-safe.
 */
final class Dials {
  private static final int MOST_REMEMBERED = 4_096;

  private static final class Rest {
    final Backoff backoff;
    Set<Address> tried = Set.of();
    String why = "";

    Rest(Backoff backoff) {
      this.backoff = backoff;
    }
  }

  /** A dial under way; closing it lets the next one begin. */
  interface Turn extends AutoCloseable {
    @Override
    void close();
  }

  private final Dialling config;
  private final Quotas quotas;
  private final Supplier<Now> clock;
  private final RandomGenerator random;
  private final Semaphore free;
  private final Pace pace;
  private final Map<Object, Rest> resting =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, Rest> eldest) {
          return size() > MOST_REMEMBERED;
        }
      };

  Dials(Dialling config, Quotas quotas, Supplier<Now> clock, RandomGenerator random) {
    this.config = config;
    this.quotas = quotas;
    this.clock = clock;
    this.random = random;
    this.free = new Semaphore(config.maxDials(), true);
    this.pace = new Pace(config.maxDialRate(), 2.0 * config.maxDialRate(), uptime());
  }

  private Duration uptime() {
    return clock.get().uptime();
  }

  /**
   * Fails while the peer is to be left alone. An address at which it was not tried lifts that.
   *
   * @throws Fault {@code transport.backing-off}, saying for how long and why
   */
  synchronized void check(NodeId node, Set<Address> addresses) {
    var rest = resting.get(node);
    if (rest == null || !rest.tried.containsAll(addresses)) {
      return;
    }
    check(rest, node.brief());
  }

  /** The same for an address at which anyone may be. */
  synchronized void check(Address address) {
    var rest = resting.get(address);
    if (rest != null) {
      check(rest, address.toString());
    }
  }

  private void check(Rest rest, String name) {
    var left = rest.backoff.left(uptime());
    if (left.isPositive()) {
      throw new Fault(
          TransportCode.BACKING_OFF,
          "backing off from "
              + name
              + ", next try in "
              + Wording.seconds(left)
              + (rest.backoff.failures() > 1
                  ? " after " + rest.backoff.failures() + " failures"
                  : "")
              + ": "
              + rest.why);
    }
  }

  /** How the peer is left alone, if it is. */
  synchronized Optional<Swarm.Resting> resting(NodeId node) {
    var rest = resting.get(node);
    var left = left(node);
    return rest == null || left.isZero()
        ? Optional.empty()
        : Optional.of(new Swarm.Resting(left, false, rest.backoff.failures(), rest.why));
  }

  /** How long the peer is to be left alone. */
  synchronized Duration left(NodeId node) {
    var rest = resting.get(node);
    return rest == null ? Duration.ZERO : rest.backoff.left(uptime());
  }

  /** The peer could not be reached at these addresses. */
  synchronized void failed(NodeId node, Set<Address> addresses, Fault why) {
    failed((Object) node, why).tried = Set.copyOf(addresses);
  }

  /** Nobody could be reached there. */
  synchronized void failed(Address address, Fault why) {
    var rest = failed((Object) address, why);
    rest.tried = Set.of(address);
  }

  private Rest failed(Object whom, Fault why) {
    var rest = rest(whom);
    rest.backoff.failed(uptime());
    rest.why = Wording.cut(String.valueOf(why.getMessage()), 400);
    return rest;
  }

  private Rest rest(Object whom) {
    return resting.computeIfAbsent(
        whom, _ -> new Rest(new Backoff(config.backoffMin(), config.backoffMax(), random)));
  }

  /** There is a connection to the peer. */
  synchronized void succeeded(NodeId node) {
    resting.remove(node);
  }

  /** Somebody answers there. */
  synchronized void succeeded(Address address) {
    resting.remove(address);
  }

  /** The peer, or this node, has too many connections for this one: it rests for long. */
  synchronized void trimmed(NodeId node, Set<Address> addresses, String why) {
    var rest = rest(node);
    rest.backoff.rest(uptime());
    rest.tried = Set.copyOf(addresses);
    rest.why = why;
  }

  /**
   * Waits until an address may be dialled.
   *
   * @throws Fault {@code transport.busy} if that is not in time
   */
  Turn turn(Duration within) throws InterruptedException {
    var deadline = Deadline.in(within);
    Duration wait;
    synchronized (pace) {
      wait = pace.take(uptime());
      if (wait.compareTo(within) > 0) {
        pace.putBack();
        throw quotas.dialRate.fault("this node");
      }
    }
    if (!wait.isZero()) {
      Thread.sleep(wait);
    }
    quotas.dialled.count(uptime());
    if (!free.tryAcquire(deadline.left(), TimeUnit.NANOSECONDS)) {
      throw quotas.dials.fault("this node");
    }
    quotas.dials.take(1);
    return () -> {
      quotas.dials.give(1);
      free.release();
    };
  }
}
