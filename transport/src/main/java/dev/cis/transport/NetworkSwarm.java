package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Uptime;
import dev.cis.kernel.wire.Bytes;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The swarm over any {@link Network}; made by the networks' own factories. */
public final class NetworkSwarm implements Swarm {
  private static final Logger LOG = LoggerFactory.getLogger(NetworkSwarm.class);
  private static final ProtocolId PING = ProtocolId.parse("/cis/sys/ping/1.0");
  private static final Handlers.Where SYSTEM = new Handlers.Where.Everywhere();
  private static final int PING_BYTES = 8;
  private static final int QLOG_ATTEMPTS = 3;
  // Rooms register their protocols one after another; peers hear of it once.
  private static final Duration SETTLE = Duration.ofMillis(200);

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
  private final Keeper keeper;
  private final Recovery recovery;
  private final Quotas quotas;
  private final Dials dials;
  private final Upkeep upkeep;
  private final Thread renewer;
  private final Set<Live> links = ConcurrentHashMap.newKeySet();
  private final Object renewal = new Object();
  private boolean protocolsChanged;
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
    this.announcer = new Announcer(self.brief(), peers, this::isAtHome);
    this.traffic = new Traffic(config.bandwidth(), System::nanoTime);
    this.traffic.rank(PING, Priority.CONTROL);
    this.handlers = new Handlers(config, admission, quotas);
    this.own =
        new OwnRecord(
            key,
            config.liveness().recordLifetime(),
            network::localAddresses,
            handlers::protocols,
            description);
    this.book = new ObservedBook(book, announcer::described);
    this.greeter = new Greeter(self, config, admission, peers, this.book, own, random);
    this.dials = new Dials(config.dialling(), quotas, Uptime.CLOCK, random);
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
    this.keeper = new Keeper(config.dialling(), peers, dials, this::reach, Uptime.CLOCK, random);
    this.upkeep =
        new Upkeep(config.limits().connections(), peers, keeper::isKept, this::trim, Uptime.CLOCK);
    this.recovery = new Recovery(config, network, peers, new RecoveryHands());
    this.renewer = Thread.ofVirtual().name("renew-" + self.brief()).unstarted(this::renew);
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
    var _ = handlers.add(Greeting.PROTOCOL, SYSTEM, greeter::answer);
    var _ = handlers.add(PING, SYSTEM, (live, stream) -> echo(stream));
    watching = admission.watch(this::admissionChanged);
    own.outdated();
    announcer.start();
    renewer.start();
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
      Thread.ofVirtual().name("admit-" + link.peer().brief()).start(() -> expectGreeting(live));
    }
  }

  private void expectGreeting(Live live) {
    try {
      // Twice: the greeting may have to wait for a link of our own.
      live.adopted.get(2 * config.dialling().handshakeTimeout().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      live.link.close(TransportCode.DIAL_TIMEOUT.kind().closeCode(), "no greeting in time");
    } catch (InterruptedException | ExecutionException e) {
      live.link.close(Link.GOODBYE, "not needed");
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
          public void ended(String reason) {
            links.remove(live);
            live.unmeter();
            counters.ended(live.link, Uptime.CLOCK.now().wall(), reason);
            quotas.unwatch(live);
            if (live.link.peerCloseCode() == Link.TRIMMED) {
              rest(live, "it closed the connection: " + Wording.printable(reason));
            }
            peers.ended(live, reason);
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
      rest(victim, "it gave way to a protected peer");
      victim.link.close(Link.TRIMMED, quotas.connections.text());
    }
  }

  private void trim(Live live) {
    rest(live, "it was of little use and there were too many connections");
    var water = config.limits().connections().highWater();
    var reason = "transport.high_water = " + water + " is passed";
    live.link.close(Link.TRIMMED, reason);
    peers.ended(live, reason);
  }

  private void rest(Live live, String why) {
    dials.trimmed(live.peer(), addresses(live.peer()), why);
  }

  private Set<Address> addresses(NodeId node) {
    return book.find(node).stream()
        .flatMap(entry -> entry.addresses().stream())
        .map(PeerBook.Known::address)
        .collect(Collectors.toSet());
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
  public Path qlog(NodeId node, Path directory, Duration within) {
    network.qlog(node, directory);
    var deadline = Deadline.in(within);
    try {
      for (int i = 0; i < QLOG_ATTEMPTS; i++) {
        renew(node, "to record the next connection");
        var file = connected(node, deadline, true).link.qlog();
        if (file != null) {
          return file;
        }
      }
    } catch (InterruptedException e) {
      throw interrupted("recording " + node.brief());
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
    renew(node, "recording ends");
    return true;
  }

  /** Ends the connection so that another is made. */
  private void renew(NodeId node, String why) {
    var live = peers.live(node);
    if (live != null) {
      live.link.close(Link.GOODBYE, why);
      peers.ended(live, why);
    }
  }

  @Override
  public void describe(PeerDescription description) {
    own.describe(description);
    pushRecord();
  }

  private void pushRecord() {
    for (var live : peers.all()) {
      Thread.ofVirtual().name("update-" + live.peer().brief()).start(() -> greeter.update(live));
    }
  }

  private void renew() {
    try {
      while (!closed) {
        long before = own.get().value().sequence();
        boolean changed;
        synchronized (renewal) {
          if (!protocolsChanged) {
            renewal.wait(Math.max(1, config.liveness().recordLifetime().dividedBy(4).toMillis()));
          }
          changed = protocolsChanged;
          protocolsChanged = false;
        }
        if (changed) {
          Thread.sleep(SETTLE);
        }
        if (own.get().value().sequence() != before) {
          pushRecord();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
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
    keeper.resume(node);
    try {
      return connected(node, Deadline.in(within), asked).look();
    } catch (InterruptedException e) {
      throw interrupted("connecting to " + node.brief());
    }
  }

  @Override
  public PeerLink connect(Address address, Duration within) {
    dials.check(address);
    return connectNow(address, within);
  }

  @Override
  public PeerLink connectNow(Address address, Duration within) {
    checkOpen();
    try (var _ = peers.reserve(null)) {
      var live = dialled(address, within);
      keeper.resume(live.peer());
      return live.look();
    } catch (InterruptedException e) {
      throw interrupted("dialling " + address);
    }
  }

  private Live dialled(Address address, Duration within) throws InterruptedException {
    try {
      var live = dialler.dial(address, within);
      dials.succeeded(address);
      dials.succeeded(live.peer());
      return live;
    } catch (Fault e) {
      if (isUnreached(e)) {
        dials.failed(address, e);
      }
      throw e;
    }
  }

  private void reach(NodeId node, Duration within) throws InterruptedException {
    var _ = connected(node, Deadline.in(within), true);
  }

  private Live connected(NodeId node, Deadline deadline, boolean asked)
      throws InterruptedException {
    checkOpen();
    var live = peers.live(node);
    if (live != null) {
      return live;
    }
    if (!asked) {
      dials.check(node, addresses(node));
    }
    try (var _ = peers.reserve(node)) {
      return dialled(node, deadline);
    }
  }

  private Live dialled(NodeId node, Deadline deadline) throws InterruptedException {
    try {
      var live = dialler.dial(node, deadline);
      dials.succeeded(node);
      return live;
    } catch (Fault e) {
      if (isUnreached(e)) {
        dials.failed(node, addresses(node), e);
      }
      throw e;
    }
  }

  /** Whether the peer was asked and did not let us in. */
  private static boolean isUnreached(Fault e) {
    return e.code() instanceof TransportCode code
        && switch (code) {
          case DIAL_FAILED, DIAL_TIMEOUT, WRONG_IDENTITY, WRONG_ALPN, NO_CERTIFICATE -> true;
          case REFUSED, CONNECTION_LOST, BUSY -> true;
          default -> false;
        };
  }

  @Override
  public boolean disconnect(NodeId node) {
    keeper.suspend(node);
    recovery.forget(node);
    var live = peers.live(node);
    if (live == null) {
      return false;
    }
    live.link.close(Link.GOODBYE, "disconnected by the operator");
    peers.ended(live, "disconnected by the operator");
    return true;
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
  public List<PeerLink> links() {
    return peers.all().stream().map(Live::look).toList();
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
    return peers.all().stream().filter(this::isAtHome).map(Live::look).toList();
  }

  @Override
  public Stream open(NodeId node, ProtocolId protocol, Duration deadline) {
    return open(node, admission.home(), protocol, deadline);
  }

  @Override
  public Stream open(NodeId node, String realm, ProtocolId protocol, Duration deadline) {
    return open(node, new Handlers.Where.In(realm), protocol, deadline);
  }

  @Override
  public Stream openSystem(NodeId node, ProtocolId protocol, Duration deadline) {
    return open(node, SYSTEM, protocol, deadline);
  }

  private Stream open(NodeId node, Handlers.Where where, ProtocolId protocol, Duration deadline) {
    var realm = where instanceof Handlers.Where.In(var named) ? named : "";
    keeper.resume(node);
    var until = Deadline.in(deadline);
    try {
      while (true) {
        var live = connected(node, until, false);
        try {
          if (where instanceof Handlers.Where.In && !handlers.admits(live, realm)) {
            throw notProved(node, protocol);
          }
          return opened(live, protocol, realm, until);
        } catch (Fault e) {
          // The link may have been replaced or lost since it was looked up: then there is another.
          if (e.code() != TransportCode.CONNECTION_LOST || until.isOver()) {
            throw e;
          }
          peers.ended(live, "lost");
        }
      }
    } catch (InterruptedException e) {
      throw interrupted("opening " + protocol + " to " + node.brief());
    }
  }

  private static Fault notProved(NodeId node, ProtocolId protocol) {
    return new Fault(
        TransportCode.REFUSED,
        node.brief() + " has not proved the realm in which to speak " + protocol);
  }

  private Stream opened(Live live, ProtocolId protocol, String realm, Deadline until)
      throws InterruptedException {
    var header = dialler.header(protocol, realm, until.remaining());
    var stream = FramedStream.opened(live.link.open(), live, header, config.limits().maxFrame());
    stream.deadline(until.remaining());
    return stream;
  }

  @Override
  public CompletableFuture<Answer> call(
      NodeId node, ProtocolId protocol, byte[] request, Duration within) {
    var call = pending(protocol, request, within);
    var live = closed ? null : peers.live(node);
    if (live != null && !handlers.admits(live, call.realm)) {
      call.fail(notProved(node, protocol));
    } else if (live == null || !live.calls().offer(call)) {
      Thread.ofVirtual().name("call-" + node.brief()).start(() -> connectAndCall(node, call));
    }
    return call;
  }

  private PendingCall pending(ProtocolId protocol, byte[] request, Duration within) {
    int most = config.limits().maxFrame() - CallFrame.HEAD_BYTES;
    if (request.length > most) {
      throw new Fault(
          TransportCode.FRAME_TOO_LARGE,
          "a call of " + request.length + " bytes is over " + most + " (transport.max_frame)");
    }
    return new PendingCall(protocol, admission.home(), Bytes.of(request), Deadline.in(within));
  }

  private void connectAndCall(NodeId node, PendingCall call) {
    try {
      submit(node, call);
    } catch (Fault e) {
      call.fail(e);
    } catch (InterruptedException e) {
      call.fail(interrupted("calling " + node.brief()));
    }
  }

  /** Hands the call to the link with the peer, once. */
  private void submit(NodeId node, PendingCall call) throws InterruptedException {
    keeper.resume(node);
    while (true) {
      var live = connected(node, call.deadline, false);
      if (!handlers.admits(live, call.realm)) {
        throw notProved(node, call.protocol);
      }
      if (live.calls().offerWaiting(call)) {
        return;
      }
      // The link was lost since it was looked up, before it heard of the call.
      peers.ended(live, "lost");
    }
  }

  @Override
  public Answer ask(NodeId node, ProtocolId protocol, byte[] request, Duration within) {
    var call = pending(protocol, request, within);
    try {
      submit(node, call);
      return call.get();
    } catch (InterruptedException e) {
      boolean _ = call.cancel(true);
      throw interrupted("the call " + protocol + " to " + node.brief());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Fault fault) {
        // The same words, with the stack of who hears them.
        throw new Fault(fault.code(), String.valueOf(fault.getMessage()), fault);
      }
      throw new IllegalStateException(e);
    }
  }

  @Override
  public Registration serve(ProtocolId protocol, CallHandler handler) {
    return answer(new CallTable.Served(protocol, handler, false));
  }

  @Override
  public Registration serveInline(ProtocolId protocol, CallHandler handler) {
    return answer(new CallTable.Served(protocol, handler, true));
  }

  private Registration answer(CallTable.Served served) {
    checkOpen();
    var registration = handlers.calls().add(served);
    protocolsChanged();
    return () -> {
      registration.close();
      protocolsChanged();
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
    checkOpen();
    var registration = handlers.add(protocol, where, (live, stream) -> handler.serve(stream));
    protocolsChanged();
    return () -> {
      registration.close();
      protocolsChanged();
    };
  }

  private void protocolsChanged() {
    own.outdated();
    synchronized (renewal) {
      protocolsChanged = true;
      renewal.notifyAll();
    }
  }

  @Override
  public Registration listen(PeerListener listener) {
    return announcer.listen(listener);
  }

  @Override
  public Duration ping(NodeId node, Duration within) {
    try (var stream = openSystem(node, PING, within)) {
      var rtt = thereAndBack(stream);
      var live = peers.live(node);
      if (live != null) {
        live.measured(rtt);
      }
      return rtt;
    }
  }

  private static Duration thereAndBack(Stream stream) {
    byte[] sent = new byte[PING_BYTES];
    java.util.concurrent.ThreadLocalRandom.current().nextBytes(sent);
    var begun = Uptime.CLOCK.now().uptime();
    stream.write(ByteBuffer.wrap(sent));
    stream.finish();
    var got = ByteBuffer.allocate(PING_BYTES);
    while (got.hasRemaining() && stream.read(got) >= 0) {}
    if (!Arrays.equals(sent, got.array())) {
      throw new Fault(
          TransportCode.STREAM_RESET, stream.peer().brief() + " answered a ping with other bytes");
    }
    return Uptime.CLOCK.now().uptime().minus(begun);
  }

  @Override
  public void networkChanged() {
    recovery.changed(true);
  }

  /** What a recovery may do here. */
  private final class RecoveryHands implements Recovery.Hands {
    @Override
    public void ping(Live live, Duration within) {
      try (var stream = opened(live, PING, "", Deadline.in(within))) {
        live.measured(thereAndBack(stream));
      } catch (InterruptedException e) {
        throw interrupted("probing " + live.peer().brief());
      }
    }

    @Override
    public void drop(Live live, String reason) {
      live.link.close(TransportCode.CONNECTION_LOST.kind().closeCode(), reason);
      peers.ended(live, reason);
    }

    @Override
    public void connect(NodeId node, Duration within) throws InterruptedException {
      reach(node, within);
    }

    @Override
    public Set<NodeId> kept() {
      return keeper.wanted();
    }

    @Override
    public void announce() {
      own.outdated();
      pushRecord();
    }
  }

  private static void echo(FramedStream stream) {
    var bytes = ByteBuffer.allocate(PING_BYTES);
    while (bytes.hasRemaining() && stream.read(bytes) >= 0) {}
    stream.write(bytes.flip());
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    watching.close();
    keeper.close();
    recovery.close();
    upkeep.close();
    renewer.interrupt();
    peers.close();
    links.forEach(live -> live.link.close(Link.GOODBYE, "this node is stopping"));
    network.close();
    for (var live : List.copyOf(links)) {
      peers.ended(live, "this node is stopping");
    }
    announcer.close();
  }

  private void checkOpen() {
    if (closed) {
      throw new Fault(TransportCode.CLOSED, "this node is stopping");
    }
  }

  private static Fault interrupted(String what) {
    Thread.currentThread().interrupt();
    return new Fault(TransportCode.CLOSED, what + " was interrupted");
  }
}
