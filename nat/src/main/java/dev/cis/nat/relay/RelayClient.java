package dev.cis.nat.relay;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.nat.Endpoints;
import dev.cis.nat.NatCode;
import dev.cis.nat.proto.Endpoint;
import dev.cis.nat.proto.RelayMessage;
import dev.cis.transport.Address;
import dev.cis.transport.AddressSource;
import dev.cis.transport.Admission;
import dev.cis.transport.Link;
import dev.cis.transport.PeerLink;
import dev.cis.transport.PeerRecord;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import dev.cis.transport.quic.Routes;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's use of relays: it keeps reservations at the two nearest, so that others reach it, and
 * asks the relays of others to join the two. The swarm asks it for addresses like any other source;
 * the answer is a virtual address whose route is the circuit.
 */
public final class RelayClient implements AddressSource, Reservation.Events, AutoCloseable {
  /** How many relays a node is reached through. */
  public static final int RELAYS = 2;

  private static final Logger LOG = LoggerFactory.getLogger(RelayClient.class);
  private static final Duration LOOK = Duration.ofSeconds(5);
  private static final Duration ANSWER = Duration.ofSeconds(5);
  private static final Duration REST = Duration.ofSeconds(30);
  private static final int MAX_INCOMING = 1_024;
  private static final int TRIED = 4;
  private static final int MAX_NOTED = 8;

  private final Swarm swarm;
  private final Routes routes;
  private final int wanted;
  private final Duration rest;
  private final Consumer<List<NodeId>> relaysChanged;
  private final Map<NodeId, Reservation> asked = new ConcurrentHashMap<>();
  private final Map<NodeId, String> held = new ConcurrentHashMap<>();
  private final Map<NodeId, Long> resting = new ConcurrentHashMap<>();
  private final Map<NodeId, Circuit> circuits = new ConcurrentHashMap<>();
  private final Map<NodeId, Long> unused = new ConcurrentHashMap<>();
  private final Map<NodeId, Routes.Relayed> incoming =
      new LinkedHashMap<>(16, 0.75f, false) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<NodeId, Routes.Relayed> eldest) {
          boolean tooMany = size() > MAX_INCOMING;
          if (tooMany) {
            routes.dismiss(eldest.getValue());
          }
          return tooMany;
        }
      };
  private final Semaphore stirred = new Semaphore(1);
  private final List<Swarm.Registration> registrations = new ArrayList<>();
  private final Thread thread;
  private volatile boolean closed;

  private final Map<NodeId, Map<NodeId, Attempt>> attempts =
      new LinkedHashMap<>(16, 0.75f, false) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<NodeId, Map<NodeId, Attempt>> eldest) {
          return size() > MAX_INCOMING;
        }
      };

  /**
   * A relay was asked to join us with a peer.
   *
   * @param failure why it did not; null if it did
   */
  public record Attempt(NodeId relay, Instant at, @Nullable String failure) {}

  /** A circuit that we have opened; it ends with its stream. */
  private record Circuit(NodeId relay, Routes.Relayed route, Stream stream) {}

  private RelayClient(
      Swarm swarm, Routes routes, int wanted, Duration rest, Consumer<List<NodeId>> relaysChanged) {
    this.rest = rest;
    this.swarm = swarm;
    this.routes = routes;
    this.wanted = wanted;
    this.relaysChanged = relaysChanged;
    this.thread = Thread.ofVirtual().name("relays").unstarted(this::look);
  }

  /**
   * Keeps reservations from now on, and is asked when the swarm looks for somebody.
   *
   * @param wanted how many reservations to keep: {@value #RELAYS}, or 0 for a node that needs none
   * @param relaysChanged told which relays we can be reached through, for our record
   */
  public static RelayClient start(
      Swarm swarm, Routes routes, int wanted, Consumer<List<NodeId>> relaysChanged) {
    return start(swarm, routes, wanted, REST, relaysChanged);
  }

  /** The same, leaving a relay alone for another time after it has refused or gone. */
  static RelayClient start(
      Swarm swarm, Routes routes, int wanted, Duration rest, Consumer<List<NodeId>> relaysChanged) {
    var client = new RelayClient(swarm, routes, wanted, rest, relaysChanged);
    var stir =
        new Swarm.PeerListener() {
          @Override
          public void up(PeerLink link) {
            // On a new connection it may say something else; and if it lost the old one because
            // it was started again, we cannot be reached through it until we ask.
            client.resting.remove(link.peer());
            client.stirred.release();
          }

          @Override
          public void down(NodeId node, String reason) {
            client.stirred.release();
          }
        };
    client.registrations.add(swarm.listen(stir));
    client.registrations.add(swarm.in(Admission.ANCHOR_REALM).listen(stir));
    swarm.addSource(client);
    client.thread.start();
    return client;
  }

  private void look() {
    try {
      while (!closed) {
        var _ = stirred.tryAcquire(LOOK.toMillis(), TimeUnit.MILLISECONDS);
        var _ = stirred.drainPermits();
        reserve();
        sweep();
      }
    } catch (InterruptedException e) {
      LOG.debug("event=relays-ended");
    }
  }

  /** Asks the nearest anchors that relay, as long as there are too few reservations. */
  private void reserve() {
    if (asked.size() >= wanted) {
      return; // an anchor wants none, and has ten thousand links to look through
    }
    for (var relay : nearest()) {
      if (asked.size() >= wanted) {
        return;
      }
      asked.computeIfAbsent(relay, _ -> Reservation.begin(relay, swarm, this));
    }
  }

  private List<NodeId> nearest() {
    long now = System.nanoTime();
    resting.values().removeIf(until -> until - now < 0);
    return swarm.links().stream()
        .filter(link -> !link.path().equals(Link.RELAY))
        .filter(link -> !asked.containsKey(link.peer()) && !resting.containsKey(link.peer()))
        .filter(link -> relays(link.peer()))
        .sorted(Comparator.comparing(link -> link.rtt() == null ? Duration.ofDays(1) : link.rtt()))
        .map(PeerLink::peer)
        .toList();
  }

  private boolean relays(NodeId node) {
    return record(node)
        .filter(record ->
            record.protocols().stream()
                .anyMatch(each -> each.path().equals(RelayService.PROTOCOL.path())))
        .isPresent();
  }

  private Optional<PeerRecord> record(NodeId node) {
    return swarm
        .book()
        .find(node)
        .flatMap(entry -> Optional.ofNullable(entry.record()))
        .map(signed -> signed.value());
  }

  @Override
  public void held(NodeId relay, String seen) {
    if (held.put(relay, seen) == null) {
      LOG.info("event=relay-reserved relay={} seen={}", relay.brief(), seen);
      tellRelays();
    }
  }

  @Override
  public void ended(NodeId relay, String reason, @Nullable Instant on) {
    asked.remove(relay);
    if (swarm.link(relay).filter(link -> !link.since().equals(on)).isEmpty()) {
      resting.put(relay, System.nanoTime() + rest.toNanos());
    } // else there is another connection already
    if (held.remove(relay) != null && !closed) {
      LOG.info("event=relay-lost relay={} reason=\"{}\"", relay.brief(), reason);
      tellRelays();
    } else {
      LOG.debug("event=relay-refused relay={} reason=\"{}\"", relay.brief(), reason);
    }
    stirred.release();
  }

  private synchronized void tellRelays() {
    relaysChanged.accept(List.copyOf(held.keySet()));
  }

  @Override
  public void incoming(NodeId relay, NodeId from, long circuit) {
    socket(relay)
        .ifPresent(at -> {
          var route = new Routes.Relayed(at, circuit);
          routes.admit(from, route);
          synchronized (incoming) {
            incoming.put(from, route);
          }
          // A direct path that works stays; what watches it falls back to this circuit.
          if (!(routes.route(from).orElse(null) instanceof Routes.Direct)) {
            routes.use(from, route);
          }
        });
  }

  @Override
  public void gone(NodeId relay, NodeId from, long circuit) {
    socket(relay)
        .ifPresent(at -> {
          var over = new Routes.Relayed(at, circuit);
          routes.dismiss(over);
          synchronized (incoming) {
            incoming.remove(from, over);
          }
          if (routes.route(from).filter(over::equals).isPresent()) {
            circuit(from)
                .ifPresentOrElse(next -> routes.use(from, next), () -> routes.forget(from));
          }
        });
  }

  private Optional<InetSocketAddress> socket(NodeId relay) {
    return swarm
        .link(relay)
        .filter(link -> !link.path().equals(Link.RELAY))
        .map(PeerLink::remote)
        .map(at -> new InetSocketAddress(InetAddress.ofLiteral(at.host()), at.port()));
  }

  /** Our addresses as relays see them. */
  public Set<Endpoint> seen() {
    var all = new LinkedHashSet<Endpoint>();
    for (var text : held.values()) {
      var address = Address.parse(text);
      all.add(
          Endpoints.of(
              new InetSocketAddress(InetAddress.ofLiteral(address.host()), address.port())));
    }
    return all;
  }

  /** The relays through which we can be reached. */
  public List<NodeId> relays() {
    return List.copyOf(held.keySet());
  }

  /** A circuit to the peer, opened by us or by it. */
  public Optional<Routes.Relayed> circuit(NodeId peer) {
    var ours = circuits.get(peer);
    return ours != null ? Optional.of(ours.route) : theirs(peer);
  }

  private Optional<Routes.Relayed> theirs(NodeId peer) {
    synchronized (incoming) {
      return Optional.ofNullable(incoming.get(peer));
    }
  }

  /** The relay through which packets to the peer go at present, if they do. */
  public Optional<NodeId> relay(NodeId peer) {
    if (!(routes.route(peer).orElse(null) instanceof Routes.Relayed(var at, var _))) {
      return Optional.empty();
    }
    return swarm.links().stream()
        .map(PeerLink::peer)
        .filter(each -> socket(each).filter(at::equals).isPresent())
        .findFirst();
  }

  /** What came of asking relays to join us with this peer: the last time with each. */
  public List<Attempt> attempts(NodeId peer) {
    synchronized (attempts) {
      return List.copyOf(attempts.getOrDefault(peer, Map.of()).values());
    }
  }

  private void attempted(NodeId relay, NodeId peer, @Nullable String failure) {
    synchronized (attempts) {
      var all = attempts.computeIfAbsent(peer, _ -> new LinkedHashMap<>());
      if (all.size() >= MAX_NOTED && !all.containsKey(relay)) {
        all.clear();
      }
      all.put(relay, new Attempt(relay, Instant.now(), failure));
    }
  }

  @Override
  public String name() {
    return "relay";
  }

  @Override
  public Haste haste(NodeId node) {
    // Who names relays has not found itself reachable.
    return record(node).filter(record -> !record.relays().isEmpty()).isPresent()
        ? Haste.FIRST
        : Haste.BESIDE;
  }

  @Override
  public List<Address> find(NodeId node, Duration within) {
    if (relays(node)) {
      return List.of(); // whoever relays for others is reached directly
    }
    var route = open(node, within);
    route.ifPresent(relayed -> routes.use(node, relayed));
    return route.isPresent() ? List.of(Routes.address(node)) : List.of();
  }

  private Optional<Routes.Relayed> open(NodeId node, Duration within) {
    var before = circuits.get(node);
    if (before != null) {
      return Optional.of(before.route);
    }
    var candidates = new LinkedHashSet<NodeId>();
    record(node).ifPresent(record -> candidates.addAll(record.relays()));
    candidates.addAll(held.keySet()); // it may be there, though no record says so
    candidates.remove(swarm.self());
    var ours = held.keySet();
    return candidates.stream()
        .sorted(Comparator.comparing(relay -> !ours.contains(relay)))
        .limit(TRIED)
        .map(relay -> join(relay, node, within))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private Optional<Routes.Relayed> join(NodeId relay, NodeId node, Duration within) {
    Stream stream = null;
    try {
      var limit = within.compareTo(ANSWER) < 0 ? within : ANSWER;
      var _ = swarm.connectNow(relay, limit);
      stream = swarm.openSystem(relay, RelayService.PROTOCOL, limit);
      stream.send(RelayMessage.CODEC.encode(RelayMessage.connect(node)));
      byte[] bytes = stream.receive(RelayMessage.MAX_BYTES);
      var said =
          bytes == null
              ? RelayMessage.refused("ended the stream")
              : RelayMessage.CODEC.decode(bytes);
      var at = socket(relay);
      if (said.kind() != RelayMessage.Kind.CONNECTED || at.isEmpty()) {
        throw new Fault(NatCode.RELAY_REFUSED, relay.brief() + ": " + said.reason());
      }
      stream.deadline(null);
      var circuit = new Circuit(relay, new Routes.Relayed(at.get(), said.circuit()), stream);
      var other = circuits.putIfAbsent(node, circuit);
      if (other != null) {
        stream.close();
        return Optional.of(other.route);
      }
      routes.admit(node, circuit.route);
      Thread.ofVirtual().name("circuit-" + node.brief()).start(() -> watch(node, circuit));
      attempted(relay, node, null);
      LOG.debug("event=circuit-joined relay={} peer={}", relay.brief(), node.brief());
      return Optional.of(circuit.route);
    } catch (Fault e) {
      attempted(relay, node, Objects.requireNonNullElse(e.getMessage(), e.code().text()));
      LOG.debug(
          "event=circuit-refused relay={} peer={} reason=\"{}\"",
          relay.brief(),
          node.brief(),
          e.getMessage());
      if (stream != null) {
        stream.close();
      }
      return Optional.empty();
    }
  }

  /** Waits for the end of a circuit, and takes another when it is still needed. */
  private void watch(NodeId node, Circuit circuit) {
    try (var stream = circuit.stream) {
      var _ = stream.receive(RelayMessage.MAX_BYTES);
    } catch (Fault e) {
      LOG.debug("event=circuit-ended peer={} reason=\"{}\"", node.brief(), e.getMessage());
    }
    if (!circuits.remove(node, circuit)) {
      return;
    }
    routes.dismiss(circuit.route);
    if (inUse(node, circuit)) {
      // What is sent into a circuit that is over is lost: the peer may hold one to us, by which it
      // comes and waits for answers.
      var next =
          !closed && swarm.link(node).isPresent()
              ? open(node, ANSWER)
              : Optional.<Routes.Relayed>empty();
      next.or(() -> theirs(node))
          .ifPresentOrElse(route -> routes.use(node, route), () -> routes.forget(node));
    }
  }

  /** Ends the circuit that we have opened to the peer. */
  void giveBack(NodeId peer) {
    var circuit = circuits.get(peer);
    if (circuit != null) {
      circuit.stream.close();
    }
  }

  private boolean inUse(NodeId node, Circuit circuit) {
    return routes.route(node).filter(circuit.route::equals).isPresent();
  }

  /** Gives back circuits that no connection needs. */
  private void sweep() {
    for (var each : List.copyOf(circuits.entrySet())) {
      if (swarm.link(each.getKey()).isPresent()) {
        unused.remove(each.getKey());
      } else {
        long since = unused.computeIfAbsent(each.getKey(), _ -> System.nanoTime());
        if (System.nanoTime() - since > REST.toNanos()) {
          unused.remove(each.getKey());
          giveBack(each.getKey());
        }
      }
    }
  }

  /**
   * Looks after nothing any more. Reservations and circuits end with the swarm, so that its
   * goodbyes still get to those behind them.
   */
  @Override
  public void close() {
    closed = true;
    registrations.forEach(Swarm.Registration::close);
    thread.interrupt();
  }
}
