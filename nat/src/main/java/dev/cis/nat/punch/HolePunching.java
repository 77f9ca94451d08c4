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
import java.util.HashMap;
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
 * Moves relayed connections to direct paths. Who dialled offers, as soon as the connection is
 * there; a round that fails is repeated after 5 s, and then every minute, or at once when an
 * address of one of the two has changed.
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
  private static final Duration SOON = Duration.ofSeconds(5);
  private static final Duration LATER = Duration.ofSeconds(60);
  private static final Duration APART = Duration.ofSeconds(2);
  private static final Duration DOUBT = Duration.ofSeconds(1);
  private static final int MAX_SESSIONS = 4_096;

  private final Swarm swarm;
  private final Datagrams datagrams;
  private final Routes routes;
  private final RelayClient relays;
  private final Supplier<Now> clock;
  private final SecureRandom random = new SecureRandom();
  private final Map<Long, Session> sessions = new ConcurrentHashMap<>();
  private final Map<NodeId, Search> searches = new HashMap<>();
  private final Semaphore stirred = new Semaphore(1);
  private final Swarm.Registration registration;
  private final Swarm.Registration listening;
  private final Thread thread;
  private volatile boolean closed;

  /** How the search for a path to one peer stands. */
  private static final class Search {
    @Nullable Session session;
    Duration next = Duration.ZERO;
    Duration answeredAt = Duration.ofDays(-1);
    int failures;
    List<Endpoint> offered = List.of();
    String state = "not tried yet";
    boolean running;
    boolean ours;
  }

  private HolePunching(Swarm swarm, Datagrams datagrams, RelayClient relays, Supplier<Now> clock) {
    this.swarm = swarm;
    this.datagrams = datagrams;
    this.routes = datagrams.routes();
    this.relays = relays;
    this.clock = clock;
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
        swarm.links().stream()
            .filter(link -> link.path().equals(Link.RELAY))
            .forEach(link -> seek(link.peer(), link.outbound()));
        active().forEach(this::watch);
        forget();
      }
    } catch (InterruptedException e) {
      LOG.debug("event=hole-punching-ended");
    }
  }

  private List<Session> active() {
    synchronized (searches) {
      return searches.values().stream()
          .flatMap(search -> Optional.ofNullable(search.session).stream())
          .toList();
    }
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

  /**
   * Offers if it is time.
   *
   * @param dialled whether we dialled; who was dialled offers only when its addresses are others
   *     than those that it has answered with, which the dialler cannot know
   */
  private void seek(NodeId peer, boolean dialled) {
    var mine = candidates();
    synchronized (searches) {
      boolean known = searches.containsKey(peer);
      if (!known && (!dialled || searches.size() >= MAX_SESSIONS)) {
        return;
      }
      var search = searches.computeIfAbsent(peer, _ -> new Search());
      boolean late = dialled && search.next.compareTo(clock.get().uptime()) <= 0;
      boolean told = dialled || !search.offered.isEmpty();
      boolean due = late || (told && !search.offered.equals(mine));
      if (search.running || search.session != null || !due) {
        return;
      }
      search.running = true;
      search.offered = mine;
    }
    Thread.ofVirtual().name("punch-" + peer.brief()).start(() -> offer(peer, mine));
  }

  private void offer(NodeId peer, List<Endpoint> mine) {
    var key = new byte[PunchMessage.KEY_BYTES];
    random.nextBytes(key);
    var offer = new PunchMessage.Offer(random.nextLong(), Bytes.of(key), mine);
    Session session = null;
    try (var stream = swarm.openSystem(peer, PROTOCOL, ANSWER)) {
      // The peer probes as soon as it has read the offer.
      session = begin(peer, offer, true, mine);
      stream.send(PunchMessage.OFFER.encode(offer));
      stream.finish();
      byte[] bytes = stream.receive(PunchMessage.MAX_OFFER);
      if (bytes == null) {
        throw new Fault(NatCode.BAD_OFFER, peer.brief() + " did not answer our offer");
      }
      session.round(PunchMessage.OFFER.decode(bytes).candidates());
    } catch (Fault e) {
      LOG.debug("event=punch-offer-failed peer={} reason=\"{}\"", peer.brief(), e.getMessage());
      if (session == null) {
        ended(peer, null, "the offer failed: " + e.getMessage());
      } else {
        failed(session, "the offer failed: " + e.getMessage());
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
    var peer = stream.peer();
    if (offer.key().isEmpty() || !isDue(peer)) {
      stream.reset(offer.key().isEmpty() ? Kind.INVALID : Kind.EXHAUSTED);
      return;
    }
    var mine = candidates();
    var session = begin(peer, offer, false, mine);
    session.round(offer.candidates());
    stream.send(
        PunchMessage.OFFER.encode(new PunchMessage.Offer(offer.session(), Bytes.EMPTY, mine)));
    stream.finish();
  }

  private boolean isDue(NodeId peer) {
    synchronized (searches) {
      var now = clock.get().uptime();
      if (searches.size() >= MAX_SESSIONS && !searches.containsKey(peer)) {
        return false;
      }
      var search = searches.computeIfAbsent(peer, _ -> new Search());
      // Both offered at once: that of the smaller node counts, and it is there or on its way.
      boolean glare = search.session != null && search.ours && swarm.self().compareTo(peer) < 0;
      if (glare || now.minus(search.answeredAt).compareTo(APART) < 0) {
        return false;
      }
      search.answeredAt = now;
      return true;
    }
  }

  /** A new session takes the place of the one before, and of the path that it found. */
  private Session begin(
      NodeId peer, PunchMessage.Offer offer, boolean offerer, List<Endpoint> mine) {
    var session = new Session(peer, offer, offerer, datagrams, random, clock, this);
    Session before;
    synchronized (searches) {
      var search = searches.computeIfAbsent(peer, _ -> new Search());
      before = search.session;
      search.session = session;
      search.running = false;
      search.offered = mine;
      search.ours = offerer;
      search.state = "probing";
      sessions.put(offer.session(), session);
    }
    if (before != null) {
      drop(before);
    }
    return session;
  }

  private void drop(Session session) {
    sessions.remove(session.id(), session);
    session.close();
    backToRelay(session.peer());
  }

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
    routes.use(session.peer(), new Routes.Direct(Endpoints.socket(path.to())));
    synchronized (searches) {
      var search = searches.get(session.peer());
      if (search != null) {
        search.failures = 0;
        search.ours = false;
        search.state = "direct by " + Endpoints.text(path.to());
      }
    }
    LOG.info(
        "event=path-direct peer={} address={} rtt_us={}",
        session.peer().brief(),
        Endpoints.text(path.to()),
        path.rtt().toNanos() / 1000);
  }

  @Override
  public void lost(Session session, Endpoint path) {
    LOG.info("event=path-lost peer={} address={}", session.peer().brief(), Endpoints.text(path));
    backToRelay(session.peer());
    ended(
        session.peer(), session, "the direct path by " + Endpoints.text(path) + " does not answer");
  }

  @Override
  public void failed(Session session, String reason) {
    LOG.info("event=punch-failed peer={} reason=\"{}\"", session.peer().brief(), reason);
    ended(session.peer(), session, reason);
  }

  @SuppressWarnings("ReferenceEquality") // a session is itself and nothing else
  private void ended(NodeId peer, @Nullable Session session, String state) {
    synchronized (searches) {
      var search = searches.get(peer);
      if (search != null && search.session == session) {
        search.session = null;
        search.running = false;
        search.state = state;
        search.failures++;
        search.next = clock.get().uptime().plus(search.failures > 1 ? LATER : SOON);
      }
    }
    if (session != null) {
      // Not on its own loop, which waits for the end of itself.
      Thread.ofVirtual().name("punch-end").start(() -> drop(session));
    }
  }

  /** Ends the searches for peers that are not linked any more. */
  private void forget() {
    List<Session> over;
    synchronized (searches) {
      over =
          searches.entrySet().stream()
              .filter(each -> swarm.link(each.getKey()).isEmpty())
              .map(Map.Entry::getValue)
              .map(search -> search.session)
              .flatMap(session -> Optional.ofNullable(session).stream())
              .toList();
      searches.keySet().removeIf(peer -> swarm.link(peer).isEmpty());
    }
    over.forEach(this::drop);
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
    synchronized (searches) {
      return Optional.ofNullable(searches.get(peer)).map(search -> search.state);
    }
  }

  /** In how long a direct path to this peer is looked for again; empty unless we wait for that. */
  public Optional<Duration> next(NodeId peer) {
    var now = clock.get().uptime();
    synchronized (searches) {
      return Optional.ofNullable(searches.get(peer))
          .filter(search -> search.session == null && !search.running)
          .map(search -> search.next.minus(now))
          .filter(Duration::isPositive);
    }
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
