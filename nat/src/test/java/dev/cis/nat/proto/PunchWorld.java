package dev.cis.nat.proto;

import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;

/** Two hosts behind routers of their own, or behind one, with a lossy internet between. */
final class PunchWorld {
  static final Endpoint RELAY = at(203, 0, 113, 10, 7677);
  private static final Duration ONE_WAY = Duration.ofMillis(20);
  private static final Duration IN_LAN = Duration.ofMillis(1);

  /** What a router does (RFC 4787). */
  enum Router {
    /** No router: a public host. */
    NONE(false, false),
    /** Endpoint-independent mapping and filtering. */
    FULL_CONE(false, false),
    /** Endpoint-independent mapping, address and port-dependent filtering. */
    HOME(false, true),
    /** Address and port-dependent mapping and filtering. */
    SYMMETRIC(true, true);

    final boolean mapsPerTarget;
    final boolean filters;

    Router(boolean mapsPerTarget, boolean filters) {
      this.mapsPerTarget = mapsPerTarget;
      this.filters = filters;
    }
  }

  /** One host, its router and its machine. */
  final class Side {
    final Router router;
    final Endpoint inside;
    final int net;
    final PunchMachine machine;
    final Map<Endpoint, Integer> ports = new HashMap<>();
    final Map<Integer, Set<Endpoint>> sentFrom = new HashMap<>();
    final List<PunchOutput> said = new ArrayList<>();
    final Set<Endpoint> admitted = new HashSet<>();
    private int nextPort = 20_000;
    boolean cut;

    Side(Router router, Endpoint inside, int net) {
      this.router = router;
      this.inside = inside;
      this.net = net;
      this.machine = new PunchMachine(PunchTimes.DEFAULT, random::nextLong);
    }

    /** From where a packet to this target comes, as the internet sees it. */
    Endpoint outside(Endpoint target) {
      if (router == Router.NONE) {
        return inside;
      }
      var key = router.mapsPerTarget ? target : RELAY;
      int port = ports.computeIfAbsent(key, _ -> router.mapsPerTarget ? nextPort++ : 7677);
      sentFrom.computeIfAbsent(port, _ -> new HashSet<>()).add(target);
      return at(198, 18, net, 2, port);
    }

    boolean lets(Endpoint from, Endpoint target) {
      return router == Router.NONE
          ? target.equals(inside)
          : target.ip().equals(at(198, 18, net, 2, 1).ip())
              && sentFrom.containsKey(target.port())
              && (!router.filters || sentFrom.get(target.port()).contains(from));
    }

    /** What it says of itself: where the relay sees it, and its own address. */
    List<Endpoint> candidates() {
      return List.of(outside(RELAY), inside);
    }
  }

  private record Event(Duration at, long order, Runnable what) {}

  final Side a;
  final Side b;
  private final SplittableRandom random;
  private final double loss;
  private final boolean sameLan;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          (x, y) -> x.at.equals(y.at) ? Long.compare(x.order, y.order) : x.at.compareTo(y.at));
  private Duration clock = Duration.ofHours(1);
  private long order;

  PunchWorld(Router one, Router other, double loss, long seed) {
    this(one, other, false, loss, seed);
  }

  PunchWorld(Router one, Router other, boolean sameLan, double loss, long seed) {
    this.random = new SplittableRandom(seed);
    this.loss = loss;
    this.sameLan = sameLan;
    // Equal private addresses in different homes, as in life.
    a = new Side(one, one == Router.NONE ? at(192, 0, 2, 1, 7677) : at(192, 168, 1, 11, 7677), 1);
    b =
        new Side(
            other,
            other == Router.NONE
                ? at(192, 0, 2, 2, 7677)
                : at(192, 168, 1, sameLan ? 12 : 11, 7677),
            2);
  }

  static Endpoint at(int a, int b, int c, int d, int port) {
    return new Endpoint(Bytes.of(new byte[] {(byte) a, (byte) b, (byte) c, (byte) d}), port);
  }

  private Now now() {
    return new Now(clock, Instant.EPOCH.plus(clock));
  }

  /** Both sides hear of the other's candidates, one half a round trip later. */
  void begin() {
    begin(Duration.ZERO);
  }

  /** The same, but the answer to the offer takes longer. */
  void begin(Duration late) {
    var ofA = a.candidates();
    var ofB = b.candidates();
    at(ONE_WAY, () -> b.machine.on(now(), new PunchInput.Round(ofA), out -> say(b, a, out)));
    at(
        ONE_WAY.multipliedBy(2).plus(late),
        () -> a.machine.on(now(), new PunchInput.Round(ofB), out -> say(a, b, out)));
  }

  private void at(Duration later, Runnable what) {
    events.add(new Event(clock.plus(later), order++, what));
  }

  private void say(Side from, Side to, PunchOutput output) {
    from.said.add(output);
    switch (output) {
      case PunchOutput.Ask(var target, var transaction) ->
          send(from, to, target, sender -> new PunchInput.Asked(sender, transaction));
      case PunchOutput.Answer(var target, var transaction) ->
          send(from, to, target, sender -> new PunchInput.Answered(sender, transaction));
      case PunchOutput.Admit(var source) -> from.admitted.add(source);
      case PunchOutput.Use _, PunchOutput.Lost _, PunchOutput.Failed _ -> {}
    }
  }

  private void send(
      Side from,
      Side to,
      Endpoint target,
      java.util.function.Function<Endpoint, PunchInput> arrival) {
    if (from.cut || to.cut) {
      return;
    }
    if (sameLan && target.equals(to.inside)) {
      at(IN_LAN, () -> to.machine.on(now(), arrival.apply(from.inside), out -> say(to, from, out)));
      return;
    }
    var sender = from.outside(target);
    if (random.nextDouble() < loss) {
      return;
    }
    at(
        ONE_WAY,
        () -> {
          if (!to.cut && to.lets(sender, target)) {
            to.machine.on(now(), arrival.apply(sender), out -> say(to, from, out));
          }
        });
  }

  /** Nothing answers what the side sends. */
  void doubt(Side side) {
    var other = side.equals(a) ? b : a;
    side.machine.on(now(), new PunchInput.Doubted(), out -> say(side, other, out));
  }

  /** Lets time pass. */
  void run(Duration time) {
    var end = clock.plus(time);
    while (true) {
      var next = end;
      if (!events.isEmpty() && events.peek().at.compareTo(next) < 0) {
        next = events.peek().at;
      }
      for (var side : List.of(a, b)) {
        var wake = side.machine.wakeAt();
        if (!wake.equals(Machine.NEVER) && wake.compareTo(next) < 0) {
          next = wake;
        }
      }
      if (next.compareTo(clock) > 0) {
        clock = next;
      }
      if (clock.compareTo(end) >= 0) {
        return;
      }
      while (!events.isEmpty() && events.peek().at.compareTo(clock) <= 0) {
        events.poll().what.run();
      }
      tick(a, b);
      tick(b, a);
    }
  }

  private void tick(Side side, Side other) {
    if (side.machine.wakeAt().compareTo(clock) <= 0) {
      side.machine.tick(now(), out -> say(side, other, out));
    }
  }

  boolean isDirect() {
    return a.machine.used() != null && b.machine.used() != null;
  }
}
