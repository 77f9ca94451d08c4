package dev.cis.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import dev.cis.transport.AddressSource;
import dev.cis.transport.Admission;
import dev.cis.transport.Await;
import dev.cis.transport.Link;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.PeerLink;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Connections whose datagrams change their way, over real sockets. */
class RoutesTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final ProtocolId ECHO = ProtocolId.parse("/test/echo/1.0");
  private static final int FRAME = 60_000;
  private static final Executor THREADS = task -> Thread.ofVirtual().start(task);
  private static final PeerDescription NAMELESS =
      new PeerDescription("", new TreeMap<>(), List.of(), List.of());

  private final Host a = new Host();
  private final Host b = new Host();
  private final Forwarder relay = new Forwarder();

  RoutesTest() throws IOException {}

  /** A node and its routes. */
  private static final class Host implements AutoCloseable, RawDatagrams {
    private final Routes routes = new Routes();
    private final Swarm swarm;

    Host() {
      this(QuicSwarmTest.anyPort());
    }

    Host(InetSocketAddress... listen) {
      swarm =
          QuicSwarm.open(
              KeyPair.generate(new SecureRandom()),
              TransportConfig.DEFAULT.withListen(listen),
              StoredPeerBook.inMemory(),
              NAMELESS,
              Admission.OPEN,
              this);
      swarm.handle(
          ECHO,
          stream -> {
            for (byte[] next = stream.receive(FRAME); next != null; next = stream.receive(FRAME)) {
              stream.send(next);
            }
            stream.finish();
          });
    }

    NodeId id() {
      return swarm.self();
    }

    InetSocketAddress at(int socket) {
      var local = swarm.localAddresses().get(socket);
      return new InetSocketAddress(InetAddress.ofLiteral(local.host()), local.port());
    }

    PeerLink link(Host other) {
      return swarm.link(other.id()).orElseThrow();
    }

    @Override
    public Routes routes() {
      return routes;
    }

    @Override
    public void bound(Sender sender) {}

    @Override
    public void received(Sender by, byte[] datagram, InetSocketAddress from) {}

    @Override
    public void close() {
      swarm.close();
    }
  }

  /** Forwards from circuit to circuit and knows nothing of what it forwards. */
  private static final class Forwarder implements AutoCloseable {
    private final DatagramSocket socket =
        new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    private final Map<Long, Map.Entry<Long, InetSocketAddress>> circuits =
        new ConcurrentHashMap<>();
    private final AtomicInteger forwarded = new AtomicInteger();
    private final AtomicInteger largest = new AtomicInteger();

    Forwarder() throws IOException {
      Thread.ofPlatform().daemon().start(this::forward);
    }

    InetSocketAddress at() {
      return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    void join(long one, InetSocketAddress first, long other, InetSocketAddress second) {
      circuits.put(one, Map.entry(other, second));
      circuits.put(other, Map.entry(one, first));
    }

    private void forward() {
      var packet = new DatagramPacket(new byte[65_535], 65_535);
      try {
        while (true) {
          packet.setLength(65_535);
          socket.receive(packet);
          var bytes = ByteBuffer.wrap(packet.getData(), 0, packet.getLength());
          var to = bytes.get(0) == Routes.RELAYED ? circuits.get(bytes.getLong(1)) : null;
          if (to != null) {
            forwarded.incrementAndGet();
            largest.accumulateAndGet(packet.getLength(), Math::max);
            bytes.putLong(1, to.getKey());
            socket.send(new DatagramPacket(packet.getData(), packet.getLength(), to.getValue()));
          }
        }
      } catch (IOException e) {
        assertThat(socket.isClosed()).isTrue();
      }
    }

    @Override
    public void close() {
      socket.close();
    }
  }

  @AfterEach
  void end() {
    a.close();
    b.close();
    relay.close();
  }

  private void joinByRelay(Host one, Host other) {
    relay.join(11, one.at(0), 22, other.at(0));
    one.routes.use(other.id(), new Routes.Relayed(relay.at(), 11));
    one.routes.admit(other.id(), new Routes.Relayed(relay.at(), 11));
    other.routes.use(one.id(), new Routes.Relayed(relay.at(), 22));
    other.routes.admit(one.id(), new Routes.Relayed(relay.at(), 22));
  }

  private static void joinDirectly(Host one, InetSocketAddress oneAt, Host other, int socket) {
    // First both sides take what comes, then each sends.
    one.routes.admit(other.id(), new Routes.Direct(other.at(socket)));
    other.routes.admit(one.id(), new Routes.Direct(oneAt));
    one.routes.use(other.id(), new Routes.Direct(other.at(socket)));
    other.routes.use(one.id(), new Routes.Direct(oneAt));
  }

  /** The source that relays are, in small. */
  private static AddressSource eager(Address address) {
    return new AddressSource() {
      @Override
      public String name() {
        return "relay";
      }

      @Override
      public Haste haste(NodeId node) {
        return Haste.BESIDE;
      }

      @Override
      public List<Address> find(NodeId node, Duration within) {
        return List.of(address);
      }
    };
  }

  private PeerLink connect() {
    a.swarm.addSource(eager(Routes.address(b.id())));
    return a.swarm.connect(b.id(), LONG);
  }

  @Test
  void aConnectionByRelayNeverMeetsItsPeer() {
    joinByRelay(a, b);
    var link = connect();
    assertThat(link.peer()).isEqualTo(b.id());
    assertThat(link.path()).isEqualTo(Link.RELAY);
    assertThat(link.remote()).isEqualTo(Address.of(relay.at()));
    Await.until("both know", () -> b.swarm.link(a.id()).isPresent());
    assertThat(b.link(a).path()).isEqualTo(Link.RELAY);
    assertThat(a.swarm.ping(b.id(), LONG)).isPositive();
    assertThat(relay.forwarded.get()).isPositive();
    assertThat(a.swarm.book().find(b.id()))
        .as("nobody writes down where a virtual address leads")
        .hasValueSatisfying(entry ->
            assertThat(entry.addresses())
                .noneMatch(known -> known.address().isVirtual())
                .noneMatch(known -> known.address().equals(Address.of(relay.at()))));
  }

  @Test
  void streamsGoOnWhileTheRouteMovesToTheDirectPathAndBack() throws Exception {
    joinByRelay(a, b);
    var link = connect();
    var over = new AtomicBoolean();
    var echoed = new AtomicInteger();
    try (var stream = a.swarm.open(b.id(), ECHO, LONG)) {
      var reading =
          CompletableFuture.supplyAsync(
              () -> {
                for (int i = 0; ; i++) {
                  byte[] frame = stream.receive(FRAME);
                  if (frame == null) {
                    return i;
                  }
                  assertThat(frame).isEqualTo(frame(i));
                  echoed.incrementAndGet();
                }
              },
              THREADS);
      var writing =
          CompletableFuture.supplyAsync(
              () -> {
                int sent = 0;
                while (!over.get()) {
                  stream.send(frame(sent++));
                }
                stream.finish();
                return sent;
              },
              THREADS);
      moreThan(echoed, 20);
      joinDirectly(a, a.at(0), b, 0);
      assertThat(a.link(b).path()).isEqualTo(Link.DIRECT);
      moreThan(echoed, echoed.get() + 100);
      int direct = relay.forwarded.get();
      moreThan(echoed, echoed.get() + 100);
      assertThat(relay.forwarded.get()).as("nothing is relayed any more").isEqualTo(direct);
      joinByRelay(a, b);
      moreThan(echoed, echoed.get() + 20);
      over.set(true);
      assertThat(reading.get(60, TimeUnit.SECONDS)).isEqualTo(writing.get());
    }
    assertThat(a.link(b).since()).as("it is the same connection").isEqualTo(link.since());
    assertThat(a.link(b).remote()).isEqualTo(Address.of(relay.at()));
    assertThat(relay.largest.get()).isLessThanOrEqualTo(Routes.MAX_PACKET + Routes.HEAD);
  }

  @Test
  void aStreamGoesOnByTheSecondRouteWhileTheFirstLeadsNowhere() throws Exception {
    joinByRelay(a, b);
    var since = connect().since();
    joinDirectly(a, a.at(0), b, 0);
    try (var stream = a.swarm.open(b.id(), ECHO, LONG);
        var nowhere =
            new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
      stream.deadline(LONG);
      for (int i = 0; i < 20; i++) {
        stream.send(frame(i));
        assertThat(stream.receive(FRAME)).isEqualTo(frame(i));
      }
      // Both send to where nobody answers, as when a router on the way has died.
      var dead = new Routes.Direct((InetSocketAddress) nowhere.getLocalSocketAddress());
      a.routes.use(b.id(), dead);
      b.routes.use(a.id(), dead);
      stream.send(frame(20));
      Await.until(
          "it is noticed", () -> a.routes.silence(b.id()).compareTo(Duration.ofMillis(200)) > 0);
      int before = relay.forwarded.get();
      // It is enough that one side says so: the other answers by the way it was asked.
      a.routes.doubt(b.id(), new Routes.Relayed(relay.at(), 11));
      assertThat(stream.receive(FRAME)).isEqualTo(frame(20));
      assertThat(relay.forwarded.get()).isGreaterThan(before);
      assertThat(a.routes.silence(b.id())).as("what the relay brings proves nothing").isPositive();
      assertThat(a.link(b).path()).isEqualTo(Link.DIRECT);

      joinDirectly(a, a.at(0), b, 0);
      for (int i = 21; i < 40; i++) {
        stream.send(frame(i));
        assertThat(stream.receive(FRAME)).isEqualTo(frame(i));
      }
      // What the relay still has of before comes late where its thread does not get its turn.
      Await.until(
          "nothing is in doubt any more",
          () -> {
            int relayed = relay.forwarded.get();
            for (int i = 40; i < 60; i++) {
              stream.send(frame(i));
              assertThat(stream.receive(FRAME)).isEqualTo(frame(i));
            }
            return relay.forwarded.get() == relayed;
          });
    }
    assertThat(a.link(b).since()).as("it is the same connection").isEqualTo(since);
  }

  @Test
  void aRouteMayNeedAnotherSocketThanTheOneBefore() throws Exception {
    var six = Inet6Address.ofLiteral("::1");
    Assumptions.assumeTrue(NetworkInterface.getByInetAddress(six) != null, "no IPv6 here");
    try (var c = new Host(QuicSwarmTest.anyPort(), new InetSocketAddress(six, 0));
        var d = new Host(QuicSwarmTest.anyPort(), new InetSocketAddress(six, 0))) {
      joinByRelay(c, d);
      c.swarm.addSource(eager(Routes.address(d.id())));
      var since = c.swarm.connect(d.id(), LONG).since();
      joinDirectly(c, c.at(1), d, 1);
      int before = relay.forwarded.get();
      for (int i = 0; i < 100; i++) {
        assertThat(c.swarm.ping(d.id(), LONG)).isPositive();
      }
      // What was under way, and the late copies of the first packets.
      assertThat(relay.forwarded.get()).isLessThanOrEqualTo(before + 70);
      assertThat(c.link(d).remote()).isEqualTo(Address.of(d.at(1)));
      assertThat(c.link(d).since()).isEqualTo(since);
    }
  }

  @Test
  void packetsOfAPlainConnectionFromTheSameAddressStayApart() {
    joinByRelay(a, b);
    joinDirectly(a, a.at(0), b, 0);
    // Dialled by its address: an Initial opens a connection of its own.
    var link = b.swarm.connect(Address.of(a.at(0)), LONG);
    assertThat(link.path()).isEqualTo(Link.DIRECT);
    assertThat(b.swarm.ping(a.id(), LONG)).isPositive();
    assertThat(relay.forwarded.get()).isZero();
  }

  @Test
  void withoutARouteTheDialFailsAndSaysThatItWasByRelay() {
    a.swarm.addSource(eager(Routes.address(b.id())));
    var failure =
        org.assertj.core.api.Assertions.catchThrowable(
            () -> a.swarm.connect(b.id(), Duration.ofSeconds(2)));
    assertThat(failure).hasMessageContaining("by relay: no answer yet");
  }

  @Test
  void strayRelayedDatagramsReachTheRoomThatForwards() throws Exception {
    var got = new CompletableFuture<byte[]>();
    var raw =
        new RawDatagrams() {
          @Override
          public void bound(Sender sender) {}

          @Override
          public void received(Sender by, byte[] datagram, InetSocketAddress from) {
            got.complete(datagram);
          }
        };
    byte[] stray = {Routes.RELAYED, 0, 0, 0, 0, 0, 0, 0, 9, 77};
    try (var swarm =
            QuicSwarm.open(
                KeyPair.generate(new SecureRandom()),
                TransportConfig.DEFAULT.withListen(QuicSwarmTest.anyPort()),
                StoredPeerBook.inMemory(),
                NAMELESS,
                Admission.OPEN,
                raw);
        var socket = new DatagramSocket()) {
      var at = swarm.localAddresses().getFirst();
      socket.send(
          new DatagramPacket(stray, stray.length, new InetSocketAddress(at.host(), at.port())));
      assertThat(got.get(30, TimeUnit.SECONDS)).isEqualTo(stray);
    }
  }

  private static byte[] frame(int number) {
    var frame = new byte[FRAME / 2];
    Arrays.fill(frame, (byte) number);
    return frame;
  }

  private static void moreThan(AtomicInteger counter, int count) {
    Await.until("more than " + count, () -> counter.get() > count);
  }
}
