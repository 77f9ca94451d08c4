package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Uptime;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The swarm over any {@link Network}; made by the networks' own factories. */
public final class NetworkSwarm implements Swarm {
  private static final Logger LOG = LoggerFactory.getLogger(NetworkSwarm.class);
  private static final Handlers.Where SYSTEM = new Handlers.Where.Everywhere();
  private static final int QLOG_ATTEMPTS = 3;

  private final NodeId self;
  private final TransportConfig config;
  private final Admission admission;
  private final Network network;
  private final Peers peers;
  private final Announcer announcer;
  private final Traffic traffic;
  private final Counters counters = new Counters();
  private final Handlers handlers;
  private final OwnRecord own;
  private final ObservedBook book;
  private final Greeter greeter;
  private final Dialler dialler;
  private final Connector connector;
  private final Keeper keeper;
  private final Opener opener;
  private final Caller caller;
  private final Recovery recovery;
  private final Quotas quotas;
  private final Dismissals dismissals;
  private final Upkeep upkeep;
  private final Renewal renewal;
  private final Set<Live> links = ConcurrentHashMap.newKeySet();
  private Registration watching = () -> {};
  private volatile boolean closed;

  private NetworkSwarm(
      KeyPair key,
      TransportConfig config,
      PeerBook book,
      PeerDescription description,
      Admission admission,
      Network network) {
    var random = new SecureRandom();
    this.self = key.nodeId();
    this.config = config;
    this.admission = admission;
    this.network = network;
    this.quotas = network.quotas();
    this.peers = new Peers(self, quotas.connections, new Ranks());
    this.announcer = new Announcer(self.brief(), peers);
    this.traffic = new Traffic(config.bandwidth(), System::nanoTime);
    this.traffic.rank(Opener.PING, Priority.CONTROL);
    this.handlers = new Handlers(config, admission, quotas, this::greeted);
    this.own =
        new OwnRecord(
            key,
            config.liveness().recordLifetime(),
            network::localAddresses,
            handlers::protocols,
            handlers::openProtocols,
            description);
    this.book = new ObservedBook(book, announcer::described);
    this.greeter = new Greeter(self, config, admission, peers, this.book, own, random);
    var dials = new Dials(config.dialling(), quotas, Uptime.CLOCK, random);
    this.dialler =
        new Dialler(
            self,
            config,
            admission,
            new PacedNetwork(network, dials, counters),
            peers,
            this.book,
            greeter,
            this::attend);
    this.dismissals = new Dismissals(config.dialling().disconnectRest(), Uptime.CLOCK);
    this.connector = new Connector(this.book, peers, dials, dismissals, dialler);
    this.keeper =
        new Keeper(
            config.dialling(), peers, dials, dismissals, connector::reach, Uptime.CLOCK, random);
    this.opener = new Opener(config, handlers, peers, connector, dialler);
    this.caller = new Caller(config, handlers, peers, connector);
    this.upkeep =
        new Upkeep(config.limits().connections(), peers, keeper::isKept, this::trim, Uptime.CLOCK);
    this.recovery = new Recovery(config, network, peers, new RecoveryHands());
    this.renewal = new Renewal(own, config.liveness().recordLifetime(), peers, greeter);
  }

  /** A swarm of the open realm that owns the network and has begun to accept links. */
  public static Swarm start(
      KeyPair key,
      TransportConfig config,
      PeerBook book,
      PeerDescription description,
      Network network) {
    return start(key, config, book, description, Admission.OPEN, network);
  }

  /** The same, admitting whom the admission says. */
  public static Swarm start(
      KeyPair key,
      TransportConfig config,
      PeerBook book,
      PeerDescription description,
      Admission admission,
      Network network) {
    var swarm = new NetworkSwarm(key, config, book, description, admission, network);
    swarm.begin();
    return swarm;
  }

  private void begin() {
    var _ = handlers.add(Opener.PING, SYSTEM, (live, stream) -> Opener.echo(stream));
    watching = admission.watch(this::admissionChanged);
    peers.watch(this::linked);
    own.outdated();
    announcer.start();
    renewal.start();
    recovery.start();
    upkeep.start();
    network.accept(this::accepted);
  }

  private boolean isAtHome(Live live) {
    return live.realms.contains(admission.home());
  }

  /** Whoever is not welcome any more goes at once; the others may be at home now or no more. */
  private void admissionChanged() {
    links.forEach(greeter::check);
    peers.all().forEach(live -> announcer.changed(live.peer()));
  }

  private void accepted(Link link) {
    counters.accepted();
    var live = new Live(link);
    if (closed) {
      link.close(Link.GOODBYE, "this node is stopping");
    } else if (links.size() >= 2 * config.limits().maxConnections()) {
      link.close(
          TransportCode.BUSY.kind().closeCode(), quotas.connections.refuse(link.peer().brief()));
    } else if (!admission.admits(link.peer())) {
      link.close(TransportCode.REFUSED.kind().closeCode(), "refused");
    } else if (link.peer().equals(self)) {
      link.close(TransportCode.SELF_DIAL.kind().closeCode(), "that is this node itself");
    } else {
      attend(live);
      expectGreeting(live);
    }
  }

  private void greeted(Live live, EventPipe pipe, int size, ByteBuffer rest) {
    greeter.welcome(live, pipe, size, rest);
  }

  private void expectGreeting(Live live) {
    try {
      // Twice: the greeting may have to wait for a link of our own.
      var late =
          live.link
              .turn()
              .after(
                  config.dialling().handshakeTimeout().multipliedBy(2),
                  () -> {
                    if (!live.adopted.isDone()) {
                      live.link.close(
                          TransportCode.DIAL_TIMEOUT.kind().closeCode(), "no greeting in time");
                    }
                  });
      var _ = live.adopted.whenComplete((_, _) -> late.run());
    } catch (RejectedExecutionException e) {
      live.link.close(Link.GOODBYE, "this node is stopping");
    }
  }

  private void attend(Live live) {
    links.add(live);
    live.meter(traffic, counters);
    quotas.watch(live);
    live.callsBy(() -> new LinkCalls(live, handlers, config));
    live.link.attend(
        new Link.Attendant() {
          @Override
          public void accepted(EventPipe pipe) {
            handlers.accepted(live, pipe);
          }

          @Override
          public void moved() {
            announcer.changed(live.peer());
          }

          @Override
          public void ended(String reason) {
            links.remove(live);
            live.unmeter();
            counters.ended(live.link, Uptime.CLOCK.now().wall(), reason);
            quotas.unwatch(live);
            if (connector.ended(live, reason)) {
              recovery.forget(live.peer());
            }
            LOG.debug("event=link-down peer={} reason={}", live.peer().brief(), reason);
          }
        });
  }

  /** Who gives way to whom at the limit on connections. */
  private final class Ranks implements Peers.Precedence {
    @Override
    public boolean isProtected(NodeId node) {
      return keeper.isKept(node);
    }

    @Override
    public @Nullable Live victim(List<Live> all) {
      return Upkeep.victim(all, keeper::isKept, Uptime.CLOCK);
    }

    @Override
    public void giveUp(Live victim) {
      connector.rest(victim, "it gave way to a protected peer");
      victim.link.close(Link.TRIMMED, quotas.connections.text());
    }
  }

  private void trim(Live live) {
    connector.rest(live, "it was of little use and there were too many connections");
    var water = config.limits().connections().highWater();
    var reason = "transport.high_water = " + water + " is passed";
    live.link.close(Link.TRIMMED, reason);
    peers.ended(live, reason);
  }

  @Override
  public Usage usage() {
    return quotas.usage();
  }

  @Override
  public NodeId self() {
    return self;
  }

  @Override
  public List<Address> localAddresses() {
    return network.localAddresses();
  }

  @Override
  public List<Address> boundAddresses() {
    return network.boundAddresses();
  }

  @Override
  public Swarm in(String realm) {
    return new RealmSwarm(this, realm);
  }

  /** The edition of our record for members of the realm. */
  Signed<PeerRecord> record(String realm) {
    return own.of(Set.of(realm));
  }

  @Override
  public PeerBook book() {
    return book;
  }

  @Override
  public Signed<PeerRecord> record() {
    return own.get();
  }

  @Override
  public Traffic traffic() {
    return traffic;
  }

  @Override
  public Counters.Look counters() {
    return counters.look(links.stream().map(live -> live.link).toList());
  }

  @Override
  public List<Counters.End> ends() {
    return counters.ends();
  }

  @Override
  public Path qlog(NodeId node, Path directory, Duration within) {
    network.qlog(node, directory);
    var deadline = Deadline.in(within);
    try {
      for (int i = 0; i < QLOG_ATTEMPTS; i++) {
        boolean _ = hangUp(node, "to record the next connection");
        var file = connector.connected(node, deadline, true).link.qlog();
        if (file != null) {
          return file;
        }
      }
    } catch (InterruptedException e) {
      throw Connector.interrupted("recording " + node.brief());
    }
    throw new Fault(
        TransportCode.QLOG_FAILED,
        node.brief()
            + " dialled us each time before we could dial it, and only connections that this node"
            + " dials are recorded; the next one will be");
  }

  @Override
  public boolean qlogStop(NodeId node) {
    network.qlog(node, null);
    var live = peers.live(node);
    if (live == null || live.link.qlog() == null) {
      return false;
    }
    return hangUp(node, "recording ends");
  }

  @Override
  public void describe(PeerDescription description) {
    own.describe(description);
    renewal.push();
  }

  @Override
  public void addSource(AddressSource source) {
    dialler.addSource(source);
  }

  @Override
  public PeerLink connect(NodeId node, Duration within) {
    return connect(node, within, false);
  }

  @Override
  public PeerLink connectNow(NodeId node, Duration within) {
    return connect(node, within, true);
  }

  private PeerLink connect(NodeId node, Duration within, boolean asked) {
    try {
      return connector.connected(node, Deadline.in(within), asked).look();
    } catch (InterruptedException e) {
      throw Connector.interrupted("connecting to " + node.brief());
    } finally {
      if (asked) {
        keeper.resume(node);
      }
    }
  }

  @Override
  public PeerLink connect(Address address, Duration within) {
    connector.check(address);
    return connectNow(address, within);
  }

  @Override
  public PeerLink connectNow(Address address, Duration within) {
    try {
      return connector.dialled(address, within).look();
    } catch (InterruptedException e) {
      throw Connector.interrupted("dialling " + address);
    }
  }

  @Override
  public boolean disconnect(NodeId node) {
    keeper.suspend(node);
    recovery.forget(node);
    return connector.dismiss(node);
  }

  @Override
  public boolean hangUp(NodeId node, String reason) {
    var live = peers.live(node);
    if (live == null) {
      return false;
    }
    live.link.close(Link.GOODBYE, reason);
    peers.ended(live, reason);
    return true;
  }

  @Override
  public void recall(NodeId node) {
    dismissals.end(node);
    keeper.hurry(node);
  }

  /** There is a connection: whoever was to be left alone is not any more. */
  private void linked(NodeId node) {
    if (peers.live(node) != null) {
      dismissals.end(node);
      keeper.resume(node);
    }
  }

  @Override
  public void keep(NodeId node, String tag) {
    if (!node.equals(self) && !closed) {
      keeper.keep(node, tag);
    }
  }

  @Override
  public void release(NodeId node, String tag) {
    keeper.release(node, tag);
  }

  @Override
  public boolean isKept(NodeId node) {
    return keeper.isKept(node);
  }

  @Override
  public Optional<Resting> resting(NodeId node) {
    return connector.resting(node);
  }

  @Override
  public List<PeerLink> links() {
    return peers.all().stream().map(Live::look).toList();
  }

  @Override
  public List<PeerLink> links(String path, int most) {
    return peers.all().stream()
        .filter(live -> live.link.path().equals(path))
        .limit(most)
        .map(Live::look)
        .toList();
  }

  @Override
  public Optional<PeerLink> link(NodeId node) {
    return Optional.ofNullable(peers.live(node)).map(Live::look);
  }

  @Override
  public Admission admission() {
    return admission;
  }

  @Override
  public List<PeerLink> members() {
    return members(admission.home());
  }

  List<PeerLink> members(String realm) {
    return peers.all().stream()
        .filter(live -> live.realms.contains(realm))
        .map(Live::look)
        .toList();
  }

  @Override
  public Stream open(NodeId node, ProtocolId protocol, Duration deadline) {
    return open(node, admission.home(), protocol, deadline);
  }

  @Override
  public Stream open(NodeId node, String realm, ProtocolId protocol, Duration deadline) {
    return opener.open(node, new Handlers.Where.In(realm), protocol, deadline);
  }

  @Override
  public Stream openSystem(NodeId node, ProtocolId protocol, Duration deadline) {
    return opener.open(node, SYSTEM, protocol, deadline);
  }

  @Override
  public CompletableFuture<Answer> call(
      NodeId node, ProtocolId protocol, byte[] request, Duration within) {
    return caller.call(node, admission.home(), protocol, request, within);
  }

  @Override
  public Answer ask(NodeId node, ProtocolId protocol, byte[] request, Duration within) {
    return caller.ask(node, admission.home(), protocol, request, within);
  }

  CompletableFuture<Answer> call(
      NodeId node, String realm, ProtocolId protocol, byte[] request, Duration within) {
    return caller.call(node, realm, protocol, request, within);
  }

  Answer ask(NodeId node, String realm, ProtocolId protocol, byte[] request, Duration within) {
    return caller.ask(node, realm, protocol, request, within);
  }

  @Override
  public Registration serve(ProtocolId protocol, CallHandler handler) {
    return answer(handlers.calls(), new CallTable.Served(protocol, handler, false));
  }

  @Override
  public Registration serveInline(ProtocolId protocol, CallHandler handler) {
    return answer(handlers.calls(), new CallTable.Served(protocol, handler, true));
  }

  Registration serve(String realm, ProtocolId protocol, CallHandler handler, boolean inline) {
    return answer(handlers.callsIn(realm), new CallTable.Served(protocol, handler, inline));
  }

  private Registration answer(CallTable table, CallTable.Served served) {
    connector.checkOpen();
    var registration = table.add(served);
    renewal.protocolsChanged();
    return () -> {
      registration.close();
      renewal.protocolsChanged();
    };
  }

  @Override
  public Registration handle(ProtocolId protocol, StreamHandler handler) {
    return handle(protocol, new Handlers.Where.Home(), handler);
  }

  @Override
  public Registration handle(String realm, ProtocolId protocol, StreamHandler handler) {
    return handle(protocol, new Handlers.Where.In(realm), handler);
  }

  @Override
  public Registration handleSystem(ProtocolId protocol, StreamHandler handler) {
    return handle(protocol, SYSTEM, handler);
  }

  private Registration handle(ProtocolId protocol, Handlers.Where where, StreamHandler handler) {
    connector.checkOpen();
    var registration = handlers.add(protocol, where, (live, stream) -> handler.serve(stream));
    renewal.protocolsChanged();
    return () -> {
      registration.close();
      renewal.protocolsChanged();
    };
  }

  @Override
  public void compress(ProtocolId protocol) {
    handlers.compress(protocol);
  }

  @Override
  public Registration listen(PeerListener listener) {
    return announcer.listen(listener, this::isAtHome);
  }

  Registration listen(String realm, PeerListener listener) {
    return announcer.listen(listener, live -> live.realms.contains(realm));
  }

  @Override
  public Duration ping(NodeId node, Duration within) {
    return opener.ping(node, within);
  }

  @Override
  public void networkChanged() {
    recovery.changed(true);
  }

  /** What a recovery may do here. */
  private final class RecoveryHands implements Recovery.Hands {
    @Override
    public void ping(Live live, Duration within) {
      opener.ping(live, within);
    }

    @Override
    public void drop(Live live, String reason) {
      live.link.close(TransportCode.CONNECTION_LOST.kind().closeCode(), reason);
      peers.ended(live, reason);
    }

    @Override
    public void connect(NodeId node, Duration within) throws InterruptedException {
      connector.reach(node, within);
    }

    @Override
    public Set<NodeId> kept() {
      return keeper.wanted();
    }

    @Override
    public void announce() {
      own.outdated();
      renewal.push();
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    connector.close();
    watching.close();
    keeper.close();
    recovery.close();
    upkeep.close();
    renewal.close();
    peers.close();
    // What goes through a relay has to come before the goodbye to the relay.
    links.stream()
        .sorted(Comparator.comparing(live -> !live.link.path().equals(Link.RELAY)))
        .forEach(live -> live.link.close(Link.GOODBYE, "this node is stopping"));
    network.close();
    for (var live : List.copyOf(links)) {
      peers.ended(live, "this node is stopping");
    }
    announcer.close();
  }
}
