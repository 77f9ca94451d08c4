package dev.cis.nat.proto;

import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.BehaviourDiscovery.Found;
import dev.cis.nat.proto.BehaviourDiscovery.Input;
import dev.cis.nat.proto.BehaviourDiscovery.Output;
import dev.cis.nat.proto.BehaviourDiscovery.Received;
import dev.cis.nat.proto.BehaviourDiscovery.Send;
import dev.cis.nat.proto.BehaviourDiscovery.Socket;
import dev.cis.nat.proto.NatBehaviour.Dependence;
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
import org.jspecify.annotations.Nullable;

/** A host behind a router of a kind, and STUN servers, in virtual time. */
final class StunWorld {
  static final Endpoint HOST = at(192, 168, 1, 11, 7_677);
  private static final Endpoint FRESH = at(192, 168, 1, 11, 50_000);
  private static final Bytes OUTSIDE = Bytes.of(new byte[] {(byte) 198, 18, 1, 2});

  /** A server; its second address and port may be missing. */
  record Server(Endpoint first, @Nullable Endpoint other, boolean changes, boolean lies) {
    Server(Endpoint first, @Nullable Endpoint other, boolean changes) {
      this(first, other, changes, false);
    }
  }

  private record Event(long at, long order, Runnable action) {}

  private final @Nullable Dependence mapping;
  private final Dependence filtering;
  private final List<Server> servers;
  private final SplittableRandom random;
  private final double loss;
  private final Map<List<Object>, Endpoint> mappings = new HashMap<>();
  private final Set<List<Object>> allowed = new HashSet<>();
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          java.util.Comparator.comparingLong(Event::at).thenComparingLong(Event::order));
  private long clock;
  private long order;
  private @Nullable NatBehaviour found;

  /**
   * A world.
   *
   * @param mapping of the router; null if it translates nothing
   */
  StunWorld(
      @Nullable Dependence mapping,
      Dependence filtering,
      List<Server> servers,
      double loss,
      long seed) {
    this.mapping = mapping;
    this.filtering = filtering;
    this.servers = servers;
    this.loss = loss;
    this.random = new SplittableRandom(seed);
  }

  static Endpoint at(int a, int b, int c, int d, int port) {
    return new Endpoint(Bytes.of(new byte[] {(byte) a, (byte) b, (byte) c, (byte) d}), port);
  }

  /** Runs to the end and tells what was found, and fails if it takes longer than that. */
  NatBehaviour run(List<Endpoint> asked, Duration within) {
    var machine =
        new BehaviourDiscovery(
            asked, Set.of(HOST), StunTransactions.Schedule.BRISK, new SplittableRandom(1));
    give(machine, new BehaviourDiscovery.Start());
    while (found == null) {
      var next = events.peek();
      long wake =
          machine.wakeAt().compareTo(Machine.NEVER) < 0
              ? machine.wakeAt().toMillis()
              : Long.MAX_VALUE;
      if (next == null && wake == Long.MAX_VALUE) {
        throw new AssertionError("nothing happens any more");
      }
      if (next != null && next.at <= wake) {
        clock = next.at;
        events.remove(next);
        next.action.run();
      } else {
        clock = wake;
        machine.tick(now(), output -> effect(machine, output));
      }
      if (clock > within.toMillis()) {
        throw new AssertionError("it takes longer than " + within);
      }
    }
    return java.util.Objects.requireNonNull(found);
  }

  private Now now() {
    return new Now(Duration.ofMillis(clock), Instant.EPOCH.plusMillis(clock));
  }

  private void give(BehaviourDiscovery machine, Input input) {
    machine.on(now(), input, output -> effect(machine, output));
  }

  private void effect(BehaviourDiscovery machine, Output output) {
    switch (output) {
      case Found(var behaviour) -> found = behaviour;
      case Send(var by, var datagram, var to) -> later(() -> leaves(machine, by, datagram, to));
    }
  }

  private void later(Runnable action) {
    if (random.nextDouble() >= loss) {
      events.add(new Event(clock + 20, order++, action));
    }
  }

  private void leaves(BehaviourDiscovery machine, Socket by, Bytes datagram, Endpoint to) {
    var inside = by == Socket.MAPPING ? HOST : FRESH;
    var outside = mapped(inside, to);
    allowed.add(rule(by, to));
    for (var server : servers) {
      answer(machine, server, by, datagram, to, outside);
    }
  }

  private Endpoint mapped(Endpoint inside, Endpoint to) {
    if (mapping == null) {
      return inside;
    }
    List<Object> key =
        switch (mapping) {
          case ENDPOINT_INDEPENDENT -> List.of(inside);
          case ADDRESS_DEPENDENT -> List.of(inside, to.ip());
          case ADDRESS_AND_PORT_DEPENDENT -> List.of(inside, to);
        };
    return mappings.computeIfAbsent(key, _ -> new Endpoint(OUTSIDE, 1_024 + mappings.size()));
  }

  private List<Object> rule(Socket socket, Endpoint remote) {
    return switch (filtering) {
      case ENDPOINT_INDEPENDENT -> List.of(socket);
      case ADDRESS_DEPENDENT -> List.of(socket, remote.ip());
      case ADDRESS_AND_PORT_DEPENDENT -> List.of(socket, remote);
    };
  }

  private void answer(
      BehaviourDiscovery machine,
      Server server,
      Socket by,
      Bytes datagram,
      Endpoint to,
      Endpoint outside) {
    var places = new ArrayList<>(List.of(server.first));
    if (server.other != null && !server.lies) {
      places.add(server.other);
      places.add(new Endpoint(server.other.ip(), server.first.port()));
      places.add(new Endpoint(server.first.ip(), server.other.port()));
    }
    if (!places.contains(to)) {
      return;
    }
    var question = StunMessage.decode(datagram.toByteArray());
    int change = question.attribute(0x0003).map(value -> (int) value.toByteArray()[3]).orElse(0);
    var attributes = new ArrayList<StunMessage.Attribute>();
    attributes.add(StunMessage.xorMapped(outside, question.transaction()));
    var from = to;
    if (server.other != null) {
      attributes.add(StunAddress.plain(StunAddress.OTHER_ADDRESS, server.other));
      if (server.changes) {
        from =
            new Endpoint(
                (change & 4) != 0 ? server.other.ip() : to.ip(),
                (change & 2) != 0 ? server.other.port() : to.port());
      }
    }
    var reply =
        new StunMessage(
            StunMessage.BINDING, StunMessage.Kind.SUCCESS, question.transaction(), attributes);
    var source = from;
    later(() -> {
      if (allowed.contains(rule(by, source))) {
        give(machine, new Received(by, Bytes.of(reply.encode(false)), source));
      }
    });
  }
}
