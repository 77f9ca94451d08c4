package dev.cis.nat.proto;

import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.NatBehaviour.Dependence;
import dev.cis.nat.proto.NatBehaviour.Finding;
import dev.cis.nat.proto.NatBehaviour.Seen;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * NAT behaviour discovery (RFC 5780 sections 4.3 and 4.4) for one address family.
 *
 * <p>It uses two sockets. The mapping is asked for from the one whose address matters. Filtering is
 * tried on a fresh one: whoever was ever asked from a socket is let in to it for minutes, and the
 * mapping tests ask every address that the filtering tests want to hear from unasked.
 *
 * <p>All servers are asked for our address at once. The first with a second address and port gets
 * the tests of the RFC. If there is none, what several servers and second ports of the same address
 * tell is put together, and what cannot be told is said. Two of the servers' addresses must differ
 * to tell anything. All tests run at the same time, so the whole takes no longer than one question
 * that is not answered, twice.
 */
public final class BehaviourDiscovery
    implements Machine<BehaviourDiscovery.Input, BehaviourDiscovery.Output> {
  /** Most servers that are asked. */
  public static final int MOST_SERVERS = 16;

  private static final int CHANGE_REQUEST = 0x0003;
  private static final byte CHANGE_IP = 4;
  private static final byte CHANGE_PORT = 2;
  private static final int BASE = 1_000;

  /** The two sockets. */
  public enum Socket {
    /** The one whose mapping matters. */
    MAPPING,
    /** One from which nobody was asked yet. */
    FILTERING
  }

  /** What happens. */
  public sealed interface Input {}

  /** Begin. */
  public record Start() implements Input {}

  /** A datagram came. */
  public record Received(Socket at, Bytes datagram, Endpoint from) implements Input {}

  /** What is to be done. */
  public sealed interface Output {}

  /** A datagram is to be sent. */
  public record Send(Socket by, Bytes datagram, Endpoint to) implements Output {}

  /** That is all: nothing comes after it. */
  public record Found(NatBehaviour behaviour) implements Output {}

  /** The questions behind the first. */
  private enum Test {
    /** From the fresh socket, to open the way for what follows. */
    OPEN,
    /** "Answer from your other address and port." */
    FROM_OTHER,
    /** "Answer from your other port." */
    FROM_OTHER_PORT,
    /** Where does the other address see us? */
    OTHER_ADDRESS,
    /** Where do the other address and port see us? */
    OTHER_BOTH,
    /** Where does the other port of the same address see us? */
    OTHER_PORT
  }

  private static final List<Test> TESTS = List.of(Test.values());

  /** How a test ended: with an answer, without, or with a refusal. */
  private record Outcome(Optional<Endpoint> mapped, boolean refused) {
    static final Outcome SILENT = new Outcome(Optional.empty(), false);

    boolean passed() {
      return mapped.isPresent() && !refused;
    }
  }

  private final List<Endpoint> servers;
  private final Set<Endpoint> own;
  private final RandomGenerator random;
  private final StunTransactions mapping;
  private final StunTransactions filtering;
  private final List<Optional<Seen>> seen = new ArrayList<>();
  private final Map<Test, Outcome> outcomes = new EnumMap<>(Test.class);
  private final Set<Test> asked = EnumSet.noneOf(Test.class);
  private int chosen = -1;
  private boolean done;

  /**
   * Prepares.
   *
   * @param servers all of one family; at most {@link #MOST_SERVERS}
   * @param own addresses of this machine with the port of the mapping socket: seen under one of
   *     them, we are not translated
   * @param random for transaction ids; from a secure source, for they keep forged answers out
   */
  public BehaviourDiscovery(
      List<Endpoint> servers,
      Set<Endpoint> own,
      StunTransactions.Schedule schedule,
      RandomGenerator random) {
    if (servers.size() > MOST_SERVERS) {
      throw new IllegalArgumentException("more than " + MOST_SERVERS + " servers");
    }
    this.servers = List.copyOf(servers);
    this.own = Set.copyOf(own);
    this.random = random;
    this.mapping = new StunTransactions(schedule);
    this.filtering = new StunTransactions(schedule);
    servers.forEach(_ -> seen.add(Optional.empty()));
  }

  @Override
  public void on(Now now, Input input, Consumer<Output> out) {
    switch (input) {
      case Start() -> {
        for (int i = 0; i < servers.size(); i++) {
          mapping.on(now, question(BASE + i, servers.get(i)), effects(Socket.MAPPING, now, out));
        }
      }
      case Received(var at, var datagram, var from) ->
          of(at).on(now, new StunTransactions.Received(datagram, from), effects(at, now, out));
    }
    conclude(now, out);
  }

  @Override
  public void tick(Now now, Consumer<Output> out) {
    mapping.tick(now, effects(Socket.MAPPING, now, out));
    filtering.tick(now, effects(Socket.FILTERING, now, out));
    conclude(now, out);
  }

  @Override
  public Duration wakeAt() {
    var first = mapping.wakeAt();
    var second = filtering.wakeAt();
    return done ? NEVER : first.compareTo(second) < 0 ? first : second;
  }

  private StunTransactions of(Socket socket) {
    return socket == Socket.MAPPING ? mapping : filtering;
  }

  private Consumer<StunTransactions.Output> effects(Socket by, Now now, Consumer<Output> out) {
    return effect -> {
      switch (effect) {
        case StunTransactions.Send(var datagram, var to) -> out.accept(new Send(by, datagram, to));
        case StunTransactions.Answered answer -> answered(now, answer, out);
        case StunTransactions.Silent(var id) -> {
          if (id >= BASE) {
            seen.set((int) id - BASE, Optional.of(silent(servers.get((int) id - BASE))));
          } else {
            outcomes.put(TESTS.get((int) id), Outcome.SILENT);
          }
        }
      }
    };
  }

  private static Seen silent(Endpoint server) {
    return new Seen(server, Optional.empty(), Optional.empty(), Optional.empty());
  }

  private void answered(Now now, StunTransactions.Answered answer, Consumer<Output> out) {
    boolean refused = answer.message().kind() == StunMessage.Kind.ERROR;
    var mapped = refused ? Optional.<Endpoint>empty() : answer.message().mapped();
    if (answer.id() >= BASE) {
      int index = (int) answer.id() - BASE;
      var server = servers.get(index);
      var other =
          StunAddress.plain(answer.message(), StunAddress.OTHER_ADDRESS)
              .filter(o -> o.ip().size() == server.ip().size() && o.port() != server.port());
      seen.set(index, Optional.of(new Seen(server, mapped, other, answer.rtt())));
      if (chosen < 0 && mapped.isPresent() && other.filter(o -> isElse(o, server)).isPresent()) {
        choose(now, index, out);
      }
      return;
    }
    var test = TESTS.get((int) answer.id());
    // An answer from where the question went to, though it was to come from elsewhere, tells that
    // the server does not do that.
    boolean wrongPlace =
        (test == Test.FROM_OTHER || test == Test.FROM_OTHER_PORT)
            && answer.from().equals(servers.get(chosen));
    outcomes.put(test, new Outcome(mapped, refused || wrongPlace));
    if (test == Test.OPEN && chosen >= 0) {
      filter(now, out);
    }
  }

  private static boolean isElse(Endpoint other, Endpoint server) {
    return !other.ip().equals(server.ip());
  }

  /** Begins the tests that need a server with another address, or at least another port. */
  private void choose(Now now, int index, Consumer<Output> out) {
    chosen = index;
    var server = servers.get(index);
    var other = other();
    ask(now, Test.OPEN, server, Set.of(server), 0, out);
    if (isElse(other, server)) {
      var address = new Endpoint(other.ip(), server.port());
      ask(now, Test.OTHER_ADDRESS, address, Set.of(address), 0, out);
      ask(now, Test.OTHER_BOTH, other, Set.of(other), 0, out);
    } else {
      ask(now, Test.OTHER_PORT, other, Set.of(other), 0, out);
    }
  }

  private Endpoint other() {
    return seen.get(chosen).flatMap(Seen::other).orElseThrow();
  }

  private void filter(Now now, Consumer<Output> out) {
    var server = servers.get(chosen);
    var other = other();
    var port = new Endpoint(server.ip(), other.port());
    ask(now, Test.FROM_OTHER_PORT, server, Set.of(server, port), CHANGE_PORT, out);
    if (isElse(other, server)) {
      int change = CHANGE_IP | CHANGE_PORT;
      ask(now, Test.FROM_OTHER, server, Set.of(server, other), change, out);
    }
  }

  private void ask(
      Now now, Test test, Endpoint to, Set<Endpoint> from, int change, Consumer<Output> out) {
    if (!asked.add(test)) {
      return;
    }
    boolean fresh = test == Test.OPEN || test == Test.FROM_OTHER || test == Test.FROM_OTHER_PORT;
    var socket = fresh ? Socket.FILTERING : Socket.MAPPING;
    var attributes =
        change == 0
            ? List.<StunMessage.Attribute>of()
            : List.of(
                new StunMessage.Attribute(
                    CHANGE_REQUEST, Bytes.of(new byte[] {0, 0, 0, (byte) change})));
    var question = new StunTransactions.Ask(TESTS.indexOf(test), binding(attributes), to, from);
    of(socket).on(now, question, effects(socket, now, out));
  }

  private StunTransactions.Ask question(long id, Endpoint to) {
    return StunTransactions.Ask.of(id, binding(List.of()), to);
  }

  private Bytes binding(List<StunMessage.Attribute> attributes) {
    var transaction = new byte[StunMessage.TRANSACTION_BYTES];
    random.nextBytes(transaction);
    var message =
        new StunMessage(
            StunMessage.BINDING, StunMessage.Kind.REQUEST, Bytes.of(transaction), attributes);
    return Bytes.of(message.encode(true));
  }

  private void conclude(Now now, Consumer<Output> out) {
    if (done || !mapping.isIdle() || !filtering.isIdle()) {
      return;
    }
    if (seen.stream().anyMatch(Optional::isEmpty)) {
      return; // not started
    }
    if (chosen < 0) {
      for (int i = 0; i < servers.size(); i++) {
        if (seen.get(i).filter(s -> s.mapped().isPresent() && s.other().isPresent()).isPresent()) {
          choose(now, i, out); // no server has two addresses, but this one has two ports
          return;
        }
      }
    }
    done = true;
    var all = seen.stream().map(Optional::orElseThrow).toList();
    var translated =
        all.stream().flatMap(s -> s.mapped().stream()).map(m -> !own.contains(m)).findFirst();
    out.accept(
        new Found(new NatBehaviour(all, translated, mappingOf(all, translated), filteringOf())));
  }

  private Outcome outcome(Test test) {
    return outcomes.getOrDefault(test, Outcome.SILENT);
  }

  private Finding mappingOf(List<Seen> all, Optional<Boolean> translated) {
    var answers = all.stream().filter(s -> s.mapped().isPresent()).toList();
    if (answers.isEmpty()) {
      return Finding.unknown("no server answered");
    }
    if (!translated.orElse(true)) {
      return new Finding(
          EnumSet.of(Dependence.ENDPOINT_INDEPENDENT), "the address seen is this machine's own");
    }
    if (outcome(Test.OTHER_ADDRESS).passed() && outcome(Test.OTHER_BOTH).passed()) {
      return ofTwoAddresses();
    }
    return ofSeveral(answers);
  }

  private Finding ofTwoAddresses() {
    var first = seen.get(chosen).flatMap(Seen::mapped);
    var second = outcome(Test.OTHER_ADDRESS).mapped;
    var third = outcome(Test.OTHER_BOTH).mapped;
    var found =
        first.equals(second) && first.equals(third)
            ? Dependence.ENDPOINT_INDEPENDENT
            : second.equals(third)
                ? Dependence.ADDRESS_DEPENDENT
                : Dependence.ADDRESS_AND_PORT_DEPENDENT;
    return new Finding(EnumSet.of(found), "a server with two addresses and ports was asked");
  }

  /** What servers with one address each can tell. */
  private Finding ofSeveral(List<Seen> answers) {
    var possible = EnumSet.allOf(Dependence.class);
    var why = new ArrayList<String>();
    var otherPort = outcome(Test.OTHER_PORT);
    if (otherPort.passed()) {
      boolean same = otherPort.mapped.equals(seen.get(chosen).flatMap(Seen::mapped));
      possible.retainAll(
          same
              ? EnumSet.of(Dependence.ENDPOINT_INDEPENDENT, Dependence.ADDRESS_DEPENDENT)
              : EnumSet.of(Dependence.ADDRESS_AND_PORT_DEPENDENT));
      why.add("two ports of one server see " + (same ? "the same address" : "two addresses"));
    }
    var byServer = answers.stream().map(s -> s.server().ip()).distinct().count();
    if (byServer > 1) {
      boolean same = answers.stream().map(Seen::mapped).distinct().count() == 1;
      if (same) {
        possible.retainAll(EnumSet.of(Dependence.ENDPOINT_INDEPENDENT));
      } else {
        possible.remove(Dependence.ENDPOINT_INDEPENDENT);
      }
      why.add(byServer + " servers see " + (same ? "the same address" : "different addresses"));
    }
    if (possible.isEmpty()) {
      return Finding.unknown("the servers contradict each other");
    }
    if (possible.size() > 1) {
      why.add(
          byServer > 1
              ? "to tell more needs a server with two ports"
              : "to tell more needs a second server");
    }
    return new Finding(possible, String.join("; ", why));
  }

  private Finding filteringOf() {
    if (chosen < 0) {
      return Finding.unknown(
          seen.stream().flatMap(Optional::stream).anyMatch(s -> s.mapped().isPresent())
              ? "needs a server with two addresses"
              : "no server answered");
    }
    if (!outcome(Test.OPEN).passed()) {
      return Finding.unknown("the server did not answer a second socket");
    }
    boolean alive = outcome(Test.OTHER_BOTH).passed() || outcome(Test.OTHER_PORT).passed();
    if (!alive) {
      return Finding.unknown("the server's other address does not answer");
    }
    var otherPort = outcome(Test.FROM_OTHER_PORT);
    if (otherPort.refused || outcome(Test.FROM_OTHER).refused) {
      return Finding.unknown("the server does not answer from its other address");
    }
    if (outcome(Test.FROM_OTHER).passed()) {
      return new Finding(
          EnumSet.of(Dependence.ENDPOINT_INDEPENDENT), "an address that was never asked got in");
    }
    if (!otherPort.passed()) {
      return new Finding(
          EnumSet.of(Dependence.ADDRESS_AND_PORT_DEPENDENT),
          "a port that was never asked did not get in");
    }
    return asked.contains(Test.FROM_OTHER)
        ? new Finding(
            EnumSet.of(Dependence.ADDRESS_DEPENDENT),
            "another port of a server that was asked got in, another address did not")
        : new Finding(
            EnumSet.of(Dependence.ENDPOINT_INDEPENDENT, Dependence.ADDRESS_DEPENDENT),
            "another port of a server that was asked got in; to tell more needs a server with two"
                + " addresses");
  }
}
