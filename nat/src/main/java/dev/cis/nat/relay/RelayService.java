package dev.cis.nat.relay;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.nat.Datagrams;
import dev.cis.nat.Endpoints;
import dev.cis.nat.proto.Endpoint;
import dev.cis.nat.proto.RelayMessage;
import dev.cis.nat.proto.RelayRealm;
import dev.cis.nat.proto.RelayTable;
import dev.cis.nat.proto.RelayTable.Party;
import dev.cis.nat.proto.RelayTable.Verdict;
import dev.cis.transport.Admission;
import dev.cis.transport.Link;
import dev.cis.transport.PeerLink;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import dev.cis.transport.quic.RawDatagrams;
import dev.cis.transport.quic.Routes;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The relay of an anchor. What it forwards comes from and goes to the addresses at which it has
 * connections with the two nodes, whatever anybody says, so nobody else can be made a target.
 */
public final class RelayService implements AutoCloseable {
  /** What is spoken. */
  public static final ProtocolId PROTOCOL = ProtocolId.parse("/cis/sys/relay/1.0");

  private static final Logger LOG = LoggerFactory.getLogger(RelayService.class);
  private static final String MEMBERS_ONLY = "this relay serves members of its realm only";
  private static final Duration FIRST = Duration.ofSeconds(10);
  private static final Duration SLACK = Duration.ofSeconds(10);

  private final Swarm swarm;
  private final Supplier<String> home;
  private final RelayConfig config;
  private final Datagrams datagrams;
  private final Supplier<Now> clock;
  private final SecureRandom random = new SecureRandom();
  private final RelayTable table;
  private final Map<NodeId, Listener> listeners = new HashMap<>();
  private final Map<NodeId, Set<Stream>> circuits = new HashMap<>();
  private final List<Swarm.Registration> registrations;

  /** A node with a reservation; renewals and callers are told on one stream. */
  private static final class Listener {
    private final Stream stream;

    Listener(Stream stream) {
      this.stream = stream;
    }

    synchronized void tell(RelayMessage message) {
      stream.send(RelayMessage.CODEC.encode(message));
    }
  }

  private RelayService(
      Swarm swarm,
      Supplier<String> home,
      RelayConfig config,
      Datagrams datagrams,
      Supplier<Now> clock) {
    this.swarm = swarm;
    this.home = home;
    this.config = config;
    this.datagrams = datagrams;
    this.clock = clock;
    this.table = new RelayTable(config.limits(), random::nextLong);
    var moves =
        new Swarm.PeerListener() {
          @Override
          public void up(PeerLink link) {}

          @Override
          public void down(NodeId node, String reason) {}

          @Override
          public void moved(PeerLink link) {
            RelayService.this.moved(link);
          }
        };
    this.registrations =
        List.of(
            swarm.handleSystem(PROTOCOL, this::serve),
            swarm.listen(moves),
            swarm.in(Admission.ANCHOR_REALM).listen(moves));
    datagrams.relay(this::forward);
  }

  /**
   * Relays for linked peers from now on.
   *
   * @param home id of the home realm, which may change
   */
  public static RelayService start(
      Swarm swarm,
      Supplier<String> home,
      RelayConfig config,
      Datagrams datagrams,
      Supplier<Now> clock) {
    return new RelayService(swarm, home, config, datagrams, clock);
  }

  /** How it stands. */
  public RelayTable.Look look() {
    synchronized (table) {
      return table.look(clock.get().uptime());
    }
  }

  private void forward(RawDatagrams.Sender by, byte[] datagram, InetSocketAddress from) {
    if (datagram.length <= Routes.HEAD) {
      return;
    }
    var bytes = ByteBuffer.wrap(datagram);
    Optional<RelayTable.Forward> forward;
    synchronized (table) {
      forward =
          table.forward(
              clock.get().uptime(), bytes.getLong(1), Endpoints.of(from), datagram.length);
    }
    forward.ifPresent(on -> {
      bytes.putLong(1, on.circuit());
      datagrams.send(by, datagram, Endpoints.socket(on.to()));
    });
  }

  private void serve(Stream stream) {
    stream.deadline(FIRST);
    byte[] bytes = stream.receive(RelayMessage.MAX_BYTES);
    if (bytes == null) {
      return;
    }
    var question = RelayMessage.CODEC.decode(bytes);
    var at = at(stream);
    if (at.isEmpty()) {
      refuse(stream, "this relay sees you through another relay");
    } else if (!serves(stream)) {
      refuse(stream, MEMBERS_ONLY);
    } else if (question.kind() == RelayMessage.Kind.RESERVE) {
      reserve(stream, at.get());
    } else if (question.kind() == RelayMessage.Kind.CONNECT && question.node() != null) {
      connect(stream, at.get(), question.node());
    } else {
      stream.reset(Kind.INVALID);
    }
  }

  private boolean serves(Stream stream) {
    return config.strangers() || !stream.realms().equals(Set.of(Admission.ANCHOR_REALM));
  }

  /** The peer as we know it, now: what it may prove changes when it or we leave a realm. */
  private Party party(Stream stream, Endpoint at) {
    return new Party(stream.peer(), RelayRealm.of(stream.realms(), home.get()), at);
  }

  private Optional<Endpoint> at(Stream stream) {
    return swarm.link(stream.peer()).flatMap(RelayService::at);
  }

  private static Optional<Endpoint> at(PeerLink link) {
    return Optional.of(link)
        .filter(each -> !each.path().equals(Link.RELAY))
        .map(PeerLink::remote)
        .map(remote ->
            Endpoints.of(
                new InetSocketAddress(InetAddress.ofLiteral(remote.host()), remote.port())));
  }

  /**
   * A node has got another address, as when its router has started anew: its circuits lead there
   * from now on, and it is told where it is seen.
   */
  private void moved(PeerLink link) {
    at(link)
        .ifPresent(at -> {
          @Nullable Listener listener;
          synchronized (table) {
            table.moved(link.peer(), at);
            listener = listeners.get(link.peer());
          }
          LOG.debug("event=relayed-node-moved node={} at={}", link.peer().brief(), at);
          if (listener != null) {
            Thread.ofVirtual().name("relay-moved").start(() -> seen(listener, at));
          }
        });
  }

  private void seen(Listener listener, Endpoint at) {
    try {
      listener.tell(
          RelayMessage.reserved(Endpoints.text(at), (int) config.limits().lease().toSeconds()));
    } catch (Fault e) {
      LOG.trace("event=relay-move-not-told reason=\"{}\"", e.getMessage()); // it went
    }
  }

  private static void refuse(Stream stream, String reason) {
    stream.send(RelayMessage.CODEC.encode(RelayMessage.refused(reason)));
    stream.finish();
  }

  private void reserve(Stream stream, Endpoint first) {
    var node = stream.peer();
    var listener = new Listener(stream);
    try {
      while (true) {
        var at = at(stream).orElse(first);
        Verdict<Duration> verdict;
        synchronized (table) {
          verdict =
              serves(stream)
                  ? table.reserve(clock.get().uptime(), party(stream, at))
                  : new Verdict.Refused<>(MEMBERS_ONLY);
          if (verdict instanceof Verdict.Granted<Duration>) {
            listeners.put(node, listener);
          }
        }
        switch (verdict) {
          case Verdict.Refused<Duration>(var reason) -> {
            refuse(stream, reason);
            return;
          }
          case Verdict.Granted<Duration>(var lease) -> {
            stream.deadline(lease.plus(SLACK));
            listener.tell(RelayMessage.reserved(Endpoints.text(at), (int) lease.toSeconds()));
          }
        }
        byte[] again = stream.receive(RelayMessage.MAX_BYTES);
        if (again == null || RelayMessage.CODEC.decode(again).kind() != RelayMessage.Kind.RESERVE) {
          return;
        }
      }
    } finally {
      cancel(node, listener);
    }
  }

  @SuppressWarnings("ReferenceEquality") // a listener is itself and nothing else
  private void cancel(NodeId node, Listener listener) {
    Set<Stream> leading = Set.of();
    synchronized (table) {
      if (listeners.get(node) == listener) {
        listeners.remove(node);
        table.cancel(node);
        var before = circuits.remove(node);
        leading = before == null ? Set.of() : Set.copyOf(before);
      }
    }
    // Their openers look for another relay.
    leading.forEach(stream -> stream.reset(Kind.UNREACHABLE));
  }

  private void connect(Stream stream, Endpoint at, NodeId target) {
    Verdict<RelayTable.Joined> verdict;
    Listener listener;
    synchronized (table) {
      verdict = table.connect(clock.get().uptime(), party(stream, at), target);
      listener = listeners.get(target);
      if (verdict instanceof Verdict.Granted<RelayTable.Joined>) {
        circuits.computeIfAbsent(target, _ -> new HashSet<>()).add(stream);
      }
    }
    switch (verdict) {
      case Verdict.Refused<RelayTable.Joined>(var reason) -> refuse(stream, reason);
      case Verdict.Granted<RelayTable.Joined>(var ids) -> {
        try {
          join(stream, at, ids, target, listener);
        } finally {
          synchronized (table) {
            table.disconnect(ids.opener());
            circuits.computeIfPresent(
                target,
                (_, all) -> {
                  all.remove(stream);
                  return all.isEmpty() ? null : all;
                });
          }
          if (listener != null) {
            gone(listener, stream.peer(), ids.target());
          }
        }
      }
    }
  }

  private static void join(
      Stream stream,
      Endpoint at,
      RelayTable.Joined ids,
      NodeId target,
      @Nullable Listener listener) {
    if (listener == null) {
      refuse(stream, RelayTable.NO_RESERVATION);
      return;
    }
    try {
      listener.tell(RelayMessage.incoming(stream.peer(), ids.target()));
    } catch (Fault e) {
      refuse(stream, "that node went away");
      return;
    }
    stream.send(
        RelayMessage.CODEC.encode(RelayMessage.connected(ids.opener(), Endpoints.text(at))));
    LOG.debug("event=circuit-opened from={} to={}", stream.peer().brief(), target.brief());
    stream.deadline(null);
    // The circuit is there as long as the stream.
    byte[] more = stream.receive(RelayMessage.MAX_BYTES);
    if (more != null) {
      stream.reset(Kind.INVALID);
    }
  }

  /** Who waits at the other end shall not send into nothing. */
  private static void gone(Listener listener, NodeId from, long circuit) {
    try {
      listener.tell(RelayMessage.gone(from, circuit));
    } catch (Fault e) {
      LOG.trace("event=circuit-end-not-told reason=\"{}\"", e.getMessage()); // it went first
    }
  }

  @Override
  public void close() {
    datagrams.relay(null);
    registrations.forEach(Swarm.Registration::close);
  }
}
