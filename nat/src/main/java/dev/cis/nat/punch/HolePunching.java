package dev.cis.nat.punch;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.Datagrams;
import dev.cis.nat.Endpoints;
import dev.cis.nat.NatCode;
import dev.cis.nat.proto.Endpoint;
import dev.cis.nat.proto.Offers;
import dev.cis.nat.proto.PunchMessage;
import dev.cis.nat.proto.PunchOutput;
import dev.cis.nat.relay.RelayClient;
import dev.cis.transport.Address;
import dev.cis.transport.Link;
import dev.cis.transport.PeerLink;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import dev.cis.transport.quic.RawDatagrams;
import dev.cis.transport.quic.Routes;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves relayed connections to direct paths, by searches that {@link Offers} times.
 *
 * <p>A direct path by which nothing came for a second though something was sent is in doubt: it is
 * probed at once, and until an answer came or it is given up, what is sent goes by the relay too.
 * So a transfer pauses for two or three seconds when its path dies, instead of for the time until
 * that is certain and as much again until QUIC, which doubles its time-outs, sends once more.
 *
 * <p>A peer decides where our probes go: 24 addresses with 8 probes of 50 bytes each in a round, of
 * which there is one every two seconds at most. That is less than it could send there itself.
 */
public final class HolePunching implements Session.Events, AutoCloseable {
  /** What is spoken. */
  public static final ProtocolId PROTOCOL = ProtocolId.parse("/cis/sys/punch/1.0");

  private static final Logger LOG = LoggerFactory.getLogger(HolePunching.class);
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final Duration DOUBT = Duration.ofSeconds(1);
  private static final Optional<Offers.Begun> NOT_BEGUN = Optional.empty();

  private final Swarm swarm;
  private final Datagrams datagrams;
  private final Routes routes;
  private final RelayClient relays;
  private final Supplier<Now> clock;
  private final SecureRandom random = new SecureRandom();
  private final Map<Long, Session> sessions = new ConcurrentHashMap<>();
  private final Offers offers;
  // Guards which session holds for a peer together with the route to it.
  private final Object holding = new Object();
  private final Semaphore stirred = new Semaphore(1);
  private final Swarm.Registration registration;
  private final Swarm.Registration listening;
  private final Thread thread;
  private volatile boolean closed;

  private HolePunching(Swarm swarm, Datagrams datagrams, RelayClient relays, Supplier<Now> clock) {
    this.swarm = swarm;
    this.datagrams = datagrams;
    this.routes = datagrams.routes();
    this.relays = relays;
    this.clock = clock;
    this.offers = new Offers(swarm.self());
    this.registration = swarm.handleSystem(PROTOCOL, this::serve);
    this.thread = Thread.ofVirtual().name("hole-punching").unstarted(this::look);
    this.listening =
        swarm.listen(
            new Swarm.PeerListener() {
              @Override
              public void up(PeerLink link) {
                stirred.release();
              }

              @Override
              public void down(NodeId node, String reason) {
                stirred.release();
              }
            });
  }

  /** Looks after every relayed connection from now on. */
  public static HolePunching start(
      Swarm swarm, Datagrams datagrams, RelayClient relays, Supplier<Now> clock) {
    var punching = new HolePunching(swarm, datagrams, relays, clock);
    datagrams.probes(punching::received);
    punching.thread.start();
    return punching;
  }

  private void received(RawDatagrams.Sender by, byte[] datagram, InetSocketAddress from) {
    var session = sessions.get(PunchMessage.session(datagram));
    if (session != null) {
      session.received(datagram, from);
    }
  }

  private void look() {
    try {
      while (!closed) {
        var _ = stirred.tryAcquire(LOOK.toMillis(), TimeUnit.MILLISECONDS);
        var _ = stirred.drainPermits();
        swarm
            .links(Link.RELAY, Integer.MAX_VALUE)
            .forEach(link -> seek(link.peer(), link.outbound()));
        active().forEach(this::watch);
        forget();
      }
    } catch (InterruptedException e) {
      LOG.debug("event=hole-punching-ended");
    }
  }

  private List<Session> active() {
    return sessions(offers.held());
  }

  private List<Session> sessions(List<Long> ids) {
    return ids.stream().flatMap(id -> Optional.ofNullable(sessions.get(id)).stream()).toList();
  }

  private void watch(Session session) {
    var peer = session.peer();
    if (routes.silence(peer).compareTo(DOUBT) >= 0) {
      doubt(session);
    }
  }

  private void doubt(Session session) {
    session.doubt();
    relays.circuit(session.peer()).ifPresent(circuit -> routes.doubt(session.peer(), circuit));
  }

  /** What we send takes other ways from now on: every direct path is in doubt. */
  public void networkChanged() {
    active().forEach(this::doubt);
  }

  private void seek(NodeId peer, boolean dialled) {
    var mine = candidates();
    if (offers.isDue(peer, dialled, mine, clock.get().uptime())) {
      Thread.ofVirtual().name("punch-" + peer.brief()).start(() -> offer(peer, mine));
    }
  }

  private void offer(NodeId peer, List<Endpoint> mine) {
    var key = new byte[PunchMessage.KEY_BYTES];
    random.nextBytes(key);
    var offer = new PunchMessage.Offer(random.nextLong(), Bytes.of(key), mine);
    Session session = null;
    try (var stream = swarm.openSystem(peer, PROTOCOL, ANSWER)) {
      // The peer probes as soon as it has read the offer.
      session = begin(peer, offer, true, () -> offers.begin(peer, offer.session(), mine));
      if (session == null) {
        stream.finish(); // says nothing: the peer has offered meanwhile
        return;
      }
      stream.send(PunchMessage.OFFER.encode(offer));
      stream.finish();
      byte[] bytes = stream.receive(PunchMessage.MAX_OFFER);
      if (bytes == null) {
        throw new Fault(NatCode.BAD_OFFER, peer.brief() + " did not answer our offer");
      }
      session.round(PunchMessage.OFFER.decode(bytes).candidates());
    } catch (Fault e) {
      LOG.debug("event=punch-offer-failed peer={} reason=\"{}\"", peer.brief(), e.getMessage());
      var state = "the offer failed: " + e.getMessage();
      if (session == null) {
        offers.notSent(peer, state, clock.get().uptime());
      } else {
        ended(session, state);
      }
    }
  }

  private void serve(Stream stream) {
    stream.deadline(ANSWER);
    byte[] bytes = stream.receive(PunchMessage.MAX_OFFER);
    if (bytes == null) {
      return;
    }
    var offer = PunchMessage.OFFER.decode(bytes);
    if (offer.key().isEmpty()) {
      stream.reset(Kind.INVALID);
      return;
    }
    var peer = stream.peer();
    var mine = candidates();
    var session =
        begin(
            peer,
            offer,
            false,
            () -> offers.accept(peer, offer.session(), mine, clock.get().uptime()));
    if (session == null) {
      stream.reset(Kind.EXHAUSTED);
      return;
    }
    session.round(offer.candidates());
    stream.send(
        PunchMessage.OFFER.encode(new PunchMessage.Offer(offer.session(), Bytes.EMPTY, mine)));
    stream.finish();
  }

  /** Begins a session if it is to hold: in the place of the one before, and its path. */
  private @Nullable Session begin(
      NodeId peer,
      PunchMessage.Offer offer,
      boolean offerer,
      Supplier<Optional<Offers.Begun>> decision) {
    Session session;
    Session before;
    synchronized (holding) {
      // A number twice: a peer's search must not take the place of another peer's.
      var begun = sessions.containsKey(offer.session()) ? NOT_BEGUN : decision.get();
      if (begun.isEmpty()) {
        return null;
      }
      before = begun.get().before().map(sessions::remove).orElse(null);
      if (before != null) {
        before.retire();
        backToRelay(peer);
      }
      session = new Session(peer, offer, offerer, datagrams, random, clock, this);
      sessions.put(offer.session(), session);
    }
    if (before != null) {
      before.close();
    }
    return session;
  }

  /** What is sent to the peer goes by the relay again, or nowhere. */
  private void backToRelay(NodeId peer) {
    relays
        .circuit(peer)
        .ifPresentOrElse(
            circuit -> routes.use(peer, circuit),
            () -> {
              // Else what the peer begins by a relay would be answered where it listens no more.
              if (swarm.link(peer).isEmpty()) {
                routes.forget(peer);
              }
            });
  }

  @Override
  public void found(Session session, PunchOutput.Use path) {
    var at = Endpoints.text(path.to());
    synchronized (holding) {
      if (!offers.found(session.peer(), session.id(), "direct by " + at)) {
        return;
      }
      routes.use(session.peer(), new Routes.Direct(Endpoints.socket(path.to())));
    }
    LOG.info(
        "event=path-direct peer={} address={} rtt_us={}",
        session.peer().brief(),
        at,
        path.rtt().toNanos() / 1000);
  }

  @Override
  public void lost(Session session, Endpoint path) {
    LOG.info("event=path-lost peer={} address={}", session.peer().brief(), Endpoints.text(path));
    ended(session, "the direct path by " + Endpoints.text(path) + " does not answer");
  }

  @Override
  public void failed(Session session, String reason) {
    LOG.info("event=punch-failed peer={} reason=\"{}\"", session.peer().brief(), reason);
    ended(session, reason);
  }

  /** A session that does not hold any more was ended by the one that took its place. */
  private void ended(Session session, String state) {
    synchronized (holding) {
      if (!offers.ended(session.peer(), session.id(), state, clock.get().uptime())) {
        return;
      }
      drop(session);
    }
    session.close();
  }

  private void drop(Session session) {
    sessions.remove(session.id(), session);
    session.retire();
    backToRelay(session.peer());
  }

  /** Ends the searches for peers that are not linked any more. */
  private void forget() {
    List<Session> over;
    synchronized (holding) {
      over = sessions(offers.retain(peer -> swarm.link(peer).isPresent()));
      over.forEach(this::drop);
    }
    over.forEach(Session::close);
  }

  /** Where others may reach us: what our record says, and what relays see. */
  private List<Endpoint> candidates() {
    var addresses =
        swarm.record().value().addresses().stream().filter(each -> !each.isVirtual()).toList();
    boolean onlyHere = addresses.stream().allMatch(Address::isLoopback);
    var all = new LinkedHashSet<>(relays.seen());
    for (var address : addresses) {
      if (onlyHere || !address.isLoopback()) {
        literal(address).ifPresent(all::add);
      }
    }
    return all.stream().limit(PunchMessage.MAX_CANDIDATES).toList();
  }

  private static Optional<Endpoint> literal(Address address) {
    try {
      return Optional.of(
          Endpoints.of(
              new InetSocketAddress(InetAddress.ofLiteral(address.host()), address.port())));
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // a DNS name
    }
  }

  /** How the search for a direct path to this peer stands, in words; empty if there is none. */
  public Optional<String> state(NodeId peer) {
    return offers.state(peer);
  }

  /** In how long a direct path to this peer is looked for again; empty unless we wait for that. */
  public Optional<Duration> next(NodeId peer) {
    return offers.next(peer, clock.get().uptime());
  }

  @Override
  public void close() {
    closed = true;
    datagrams.probes(null);
    listening.close();
    registration.close();
    thread.interrupt();
    sessions.values().forEach(Session::close);
  }
}
