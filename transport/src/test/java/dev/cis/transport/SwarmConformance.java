package dev.cis.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What every network must do for the swarm, and the swarm over it. */
public abstract class SwarmConformance {
  protected static final Duration LONG = Duration.ofSeconds(30);
  protected static final ProtocolId ECHO = ProtocolId.parse("/cis/app/echo/1.0");

  private final List<AutoCloseable> opened = new ArrayList<>();

  /** A node on the network under test. */
  protected abstract Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description);

  /** How many connections the network of this node has, whether they count or not. */
  protected abstract int connections(Swarm swarm);

  /** How many rounds of simultaneous dialling are worth their time. */
  protected abstract int rounds();

  @AfterEach
  void closeAll() throws Exception {
    for (var closeable : opened) {
      closeable.close();
    }
  }

  protected static PeerDescription named(String name) {
    return new PeerDescription(name, new TreeMap<>(Map.of("env", "test")), List.of(), List.of());
  }

  protected TransportConfig config() {
    return TransportConfig.DEFAULT.with(
        Dialling.DEFAULT
            .withBackoff(Duration.ofMillis(20), Duration.ofMillis(200))
            .withDials(64, 10_000));
  }

  protected Swarm node(String name) {
    return node(KeyPair.generate(new SecureRandom()), name, config());
  }

  protected Swarm node(KeyPair key, String name, TransportConfig config) {
    var swarm = join(key, config, StoredPeerBook.inMemory(), named(name));
    opened.add(swarm);
    return swarm;
  }

  protected static Address addressOf(Swarm swarm) {
    return swarm.localAddresses().getFirst();
  }

  /** Makes the second known to the first. */
  protected static void introduce(Swarm who, Swarm to) {
    who.book().suggest(to.self(), addressOf(to), "test");
  }

  protected static Swarm.Registration serveEcho(Swarm swarm) {
    return swarm.handle(
        ECHO,
        stream -> {
          byte[] message;
          while ((message = stream.receive(1 << 20)) != null) {
            stream.send(message);
          }
        });
  }

  protected static void assertEcho(Swarm from, NodeId to) {
    try (var stream = from.open(to, ECHO, LONG)) {
      stream.send("hello".getBytes(UTF_8));
      assertThat(new String(requireNonNull(stream.receive(100)), UTF_8)).isEqualTo("hello");
    }
  }

  protected static void assertFault(ThrowingCallable call, TransportCode code) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).as(fault.getMessage()).isEqualTo(code));
  }

  @Test
  void aStreamCarriesMessagesBothWays() {
    var a = node("a");
    var b = node("b");
    var _ = serveEcho(b);
    introduce(a, b);
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      for (int i = 0; i < 50; i++) {
        byte[] message = ("message " + i).getBytes(UTF_8);
        stream.send(message);
        assertThat(stream.receive(100)).isEqualTo(message);
      }
      stream.finish();
      assertThat(stream.receive(100)).isNull();
    }
    assertThat(a.links()).hasSize(1);
    assertThat(requireNonNull(b.link(a.self()).orElse(null)).outbound()).isFalse();
  }

  @Test
  void aStreamCarriesManyBytesIntact() throws Exception {
    var a = node("a");
    var b = node("b");
    long size = 24L << 20;
    var sum = new CompletableFuture<Long>();
    var _ =
        b.handle(
            ECHO,
            stream -> {
              var buffer = ByteBuffer.allocate(100_000);
              long total = 0;
              long at = 0;
              while (stream.read(buffer.clear()) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                  total += (buffer.get() & 0xFF) * (at % 251 + 1);
                  at++;
                }
              }
              sum.complete(total);
            });
    introduce(a, b);
    long expected = 0;
    var random = new SecureRandom();
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      long at = 0;
      byte[] chunk = new byte[70_001];
      while (at < size) {
        random.nextBytes(chunk);
        for (byte one : chunk) {
          expected += (one & 0xFF) * (at % 251 + 1);
          at++;
        }
        stream.write(ByteBuffer.wrap(chunk));
      }
      stream.finish();
      assertThat(sum.get(30, TimeUnit.SECONDS)).isEqualTo(expected);
    }
  }

  @Test
  void anEndedDirectionLeavesTheOtherOpen() {
    var a = node("a");
    var b = node("b");
    var _ =
        b.handle(
            ECHO,
            stream -> {
              int messages = 0;
              while (stream.receive(100) != null) {
                messages++;
              }
              for (int i = 0; i < messages; i++) {
                stream.send(new byte[] {(byte) i});
              }
            });
    introduce(a, b);
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      stream.send(new byte[3]);
      stream.send(new byte[0]);
      stream.finish();
      assertThat(stream.receive(10)).containsExactly(0);
      assertThat(stream.receive(10)).containsExactly(1);
      assertThat(stream.receive(10)).isNull();
    }
  }

  @Test
  void theEndNeverGetsLostBehindTheData() {
    var a = node("a");
    var b = node("b");
    var _ =
        b.handle(
            ECHO,
            stream -> {
              byte[] first = stream.receive(100);
              if (stream.receive(100) == null && first != null) {
                stream.send(first);
              }
            });
    introduce(a, b);
    for (int i = 0; i < 200; i++) {
      try (var stream = a.open(b.self(), ECHO, LONG)) {
        stream.send(new byte[] {(byte) i});
        stream.finish();
        assertThat(stream.receive(100)).containsExactly(i);
        assertThat(stream.receive(100)).isNull();
      }
    }
  }

  @Test
  void closingWithBytesUnreadStillDeliversWhatWasSent() {
    var a = node("a");
    var b = node("b");
    var _ = b.handle(ECHO, stream -> stream.send("enough".getBytes(UTF_8)));
    introduce(a, b);
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      stream.send(new byte[30_000]);
      assertThat(stream.receive(100)).isEqualTo("enough".getBytes(UTF_8));
      assertThat(stream.receive(100)).isNull();
    }
  }

  @Test
  void aResetReachesThePeer() throws Exception {
    var a = node("a");
    var b = node("b");
    var seen = new CompletableFuture<Fault>();
    var _ =
        b.handle(
            ECHO,
            stream -> {
              stream.send(new byte[1]);
              try {
                while (stream.receive(100) != null) {}
              } catch (Fault e) {
                seen.complete(e);
                throw e;
              }
            });
    introduce(a, b);
    var stream = a.open(b.self(), ECHO, LONG);
    stream.send(new byte[5]);
    assertThat(stream.receive(10)).hasSize(1);
    stream.reset(Kind.CONFLICT);
    assertThat(seen.get(30, TimeUnit.SECONDS).code()).isEqualTo(TransportCode.STREAM_RESET);
    assertThat(a.link(b.self())).isPresent();
  }

  @Test
  void aHandlerThatFailsResetsItsStream() {
    var a = node("a");
    var b = node("b");
    var _ =
        b.handle(
            ECHO,
            stream -> {
              throw new Fault(TransportCode.BUSY, "not today");
            });
    introduce(a, b);
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      stream.send(new byte[5]);
      assertFault(() -> stream.receive(10), TransportCode.STREAM_RESET);
    }
  }

  @Test
  void anUnknownProtocolIsRefusedWithAReason() {
    var a = node("a");
    var b = node("b");
    var _ = b.handle(ProtocolId.parse("/cis/app/echo/2.0"), stream -> {});
    introduce(a, b);
    for (var wanted : List.of("/cis/app/echo/1.0", "/cis/app/nothing/1.0")) {
      try (var stream = a.open(b.self(), ProtocolId.parse(wanted), LONG)) {
        stream.send(new byte[5]);
        assertFault(() -> stream.receive(10), TransportCode.NO_PROTOCOL);
      }
    }
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      assertFault(
          () -> {
            while (true) {
              stream.write(ByteBuffer.allocate(100_000));
            }
          },
          TransportCode.NO_PROTOCOL);
    }
  }

  @Test
  void theHighestCompatibleVersionServes() {
    var a = node("a");
    var b = node("b");
    for (var version : List.of("1.1", "1.4", "2.0")) {
      var _ =
          b.handle(
              ProtocolId.parse("/cis/app/echo/" + version),
              stream -> stream.send(stream.protocol().toString().getBytes(UTF_8)));
    }
    introduce(a, b);
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      assertThat(new String(requireNonNull(stream.receive(100)), UTF_8))
          .isEqualTo("/cis/app/echo/1.4");
      assertThat(stream.protocol()).isEqualTo(ProtocolId.parse("/cis/app/echo/1.4"));
    }
  }

  @Test
  void peersLearnEachOthersRecordsAndTheirChanges() {
    var a = node("a");
    var b = node("b");
    var told = new CopyOnWriteArrayList<String>();
    var _ =
        a.listen(
            new Swarm.PeerListener() {
              @Override
              public void up(PeerLink link) {
                told.add("up");
              }

              @Override
              public void down(NodeId node, String reason) {
                told.add("down");
              }

              @Override
              public void described(Signed<PeerRecord> record) {
                told.add(record.value().name());
              }
            });
    var link = a.connect(addressOf(b), LONG);
    assertThat(link.peer()).isEqualTo(b.self());
    assertThat(a.book().find(b.self()).orElseThrow().displayName()).isEqualTo("b");
    assertThat(b.book().find(a.self()).orElseThrow().displayName()).isEqualTo("a");
    Await.until("told", () -> told.contains("up") && told.contains("b"));
    b.describe(named("renamed"));
    Await.until("told of the change", () -> told.contains("renamed"));
    assertThat(a.book().find(b.self()).orElseThrow().displayName()).isEqualTo("renamed");
    b.close();
    Await.until("told of the end", () -> told.getLast().equals("down"));
  }

  @Test
  void aDeadlineEndsTheWaiting() throws Exception {
    var a = node("a");
    var b = node("b");
    var released = new CountDownLatch(1);
    var _ = b.handle(ECHO, stream -> released.await());
    introduce(a, b);
    a.connect(b.self(), LONG);
    try (var stream = a.open(b.self(), ECHO, Duration.ofMillis(300))) {
      stream.send(new byte[5]);
      assertFault(() -> stream.receive(10), TransportCode.STREAM_TIMEOUT);
    }
    released.countDown();
  }

  @Test
  void aSlowReaderHoldsUpTheWriter() throws Exception {
    var config = config().withWindows(128 << 10, 1 << 20);
    var a = node(KeyPair.generate(new SecureRandom()), "a", config);
    var b = node(KeyPair.generate(new SecureRandom()), "b", config);
    var go = new CountDownLatch(1);
    var total = new CompletableFuture<Long>();
    var _ =
        b.handle(
            ECHO,
            stream -> {
              go.await();
              long sum = 0;
              int size;
              while ((size = stream.read(ByteBuffer.allocate(50_000))) >= 0) {
                sum += size;
              }
              total.complete(sum);
            });
    introduce(a, b);
    var written = new AtomicLong();
    var stream = a.open(b.self(), ECHO, LONG);
    var writer =
        Thread.ofVirtual()
            .start(() -> {
              for (int i = 0; i < 200; i++) {
                stream.write(ByteBuffer.allocate(50_000));
                written.addAndGet(50_000);
              }
              stream.finish();
            });
    // Once nothing moves for a while, the writer waits.
    var last = new AtomicLong(-1);
    Await.until(
        "the writer waits",
        () -> {
          java.util.concurrent.locks.LockSupport.parkNanos(150_000_000);
          return written.get() > 0 && last.getAndSet(written.get()) == written.get();
        });
    assertThat(written.get()).isLessThan(5_000_000);
    go.countDown();
    assertThat(total.get(30, TimeUnit.SECONDS)).isEqualTo(200 * 50_000L);
    writer.join();
    stream.close();
  }

  @Test
  void twoThatDialEachOtherAtOnceEndUpWithOneLink() throws Exception {
    dialEachOther(rounds());
  }

  /** Both dial, twice each, while streams are opened both ways; one connection is left. */
  protected void dialEachOther(int rounds) throws Exception {
    var a = node("a");
    var b = node("b");
    var registrations = List.of(serveEcho(a), serveEcho(b));
    introduce(a, b);
    introduce(b, a);
    for (int round = 0; round < rounds; round++) {
      var failures = new CopyOnWriteArrayList<Throwable>();
      var start = new CountDownLatch(1);
      var threads = new ArrayList<Thread>();
      for (var pair : List.of(List.of(a, b), List.of(b, a), List.of(a, b), List.of(b, a))) {
        boolean byAddress = threads.size() >= 2 && round % 2 == 0;
        threads.add(
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    start.await();
                    if (byAddress) {
                      pair.getFirst().connect(addressOf(pair.getLast()), LONG);
                    }
                    assertEcho(pair.getFirst(), pair.getLast().self());
                  } catch (Throwable e) {
                    failures.add(e);
                  }
                }));
      }
      start.countDown();
      for (var thread : threads) {
        thread.join();
      }
      assertThat(failures).as("round " + round).isEmpty();
      assertThat(a.links()).hasSize(1);
      assertThat(b.links()).hasSize(1);
      assertThat(a.links().getFirst().outbound()).isNotEqualTo(b.links().getFirst().outbound());
      if (round % 25 == 24) {
        // Not only one that counts: the others are closed, on both sides, after a moment.
        Await.until("one connection is left", () -> connections(a) == 1 && connections(b) == 1);
      }
      assertEcho(a, b.self());
      assertEcho(b, a.self());
      assertThat(a.hangUp(b.self(), "next round")).isTrue();
      Await.until("the end is known", () -> b.links().isEmpty() && a.links().isEmpty());
    }
    registrations.forEach(Swarm.Registration::close);
  }

  @Test
  void aKeptPeerIsDialledAgainAfterALoss() {
    var a = node("a");
    var b = node("b");
    introduce(a, b);
    a.keep(b.self());
    for (int i = 0; i < 3; i++) {
      Await.until("connected", () -> b.link(a.self()).isPresent() && a.link(b.self()).isPresent());
      var since = a.link(b.self()).orElseThrow().since();
      boolean _ = b.hangUp(a.self(), "for the test");
      Await.until(
          "connected anew",
          () -> a.link(b.self()).filter(link -> link.since().isAfter(since)).isPresent());
    }
    a.release(b.self());
    Await.until("settled", () -> a.link(b.self()).isPresent());
    a.disconnect(b.self());
    assertThat(a.link(b.self())).isEmpty();
  }

  @Test
  void dialsThatCannotWorkSayWhy() {
    var a = node("a");
    var b = node("b");
    var stranger = KeyPair.generate(new SecureRandom()).nodeId();
    assertFault(() -> a.connect(stranger, LONG), TransportCode.NO_ADDRESS);
    assertFault(() -> a.connect(addressOf(a), LONG), TransportCode.SELF_DIAL);
    assertFault(() -> a.connect(a.self(), LONG), TransportCode.SELF_DIAL);
    a.book().suggest(stranger, addressOf(b), "test");
    assertFault(() -> a.connect(stranger, LONG), TransportCode.WRONG_IDENTITY);
    assertThat(a.book().find(stranger).orElseThrow().addresses().getFirst().failure())
        .contains(b.self().brief());
    assertThat(a.links()).isEmpty();
  }

  @Test
  void aSourceLeadsToAPeerThatTheBookDoesNotKnow() {
    var a = node("a");
    var b = node("b");
    a.addSource(
        new AddressSource() {
          @Override
          public String name() {
            return "oracle";
          }

          @Override
          public List<Address> find(NodeId node, Duration within) {
            return node.equals(b.self()) ? List.of(addressOf(b)) : List.of();
          }
        });
    assertThat(a.connect(b.self(), LONG).peer()).isEqualTo(b.self());
  }

  @Test
  void aPeerThatStartsAnewReplacesItsOldLink() {
    var a = node("a");
    var key = KeyPair.generate(new SecureRandom());
    var first = node(key, "first", config());
    first.connect(addressOf(a), LONG);
    var second = node(key, "second", config());
    var _ = serveEcho(second);
    second.connect(addressOf(a), LONG);
    Await.until("the old link is gone", () -> first.links().isEmpty());
    assertThat(a.links()).hasSize(1);
    assertEcho(a, key.nodeId());
  }

  @Test
  void aPingMeasuresTheWayThereAndBack() {
    var a = node("a");
    var b = node("b");
    introduce(a, b);
    assertThat(a.ping(b.self(), LONG)).isPositive().isLessThan(LONG);
    assertThat(a.link(b.self()).orElseThrow().rtt()).isNotNull();
  }

  @Test
  void limitsOnConnectionsAndStreamsAreRefusedByName() throws Exception {
    var b = node(KeyPair.generate(new SecureRandom()), "b", config().withLimits(1, 8));
    var held = new CountDownLatch(1);
    var _ = b.handle(ECHO, stream -> held.await());
    var a = node("a");
    var c = node("c");
    a.connect(addressOf(b), LONG);
    assertThatThrownBy(() -> c.connect(addressOf(b), LONG))
        .isInstanceOf(Fault.class)
        .hasMessageContaining("transport.max_connections = 1 is reached");
    held.countDown();
  }

  @Test
  void aClosedNodeFailsItsCallsAndItsPeersKnow() throws Exception {
    var a = node("a");
    var b = node("b");
    var entered = new CountDownLatch(1);
    var _ =
        b.handle(
            ECHO,
            stream -> {
              entered.countDown();
              while (stream.receive(10) != null) {}
            });
    introduce(a, b);
    var stream = a.open(b.self(), ECHO, LONG);
    stream.send(new byte[0]);
    assertThat(entered.await(30, TimeUnit.SECONDS)).isTrue();
    b.close();
    assertFault(() -> stream.receive(10), TransportCode.CONNECTION_LOST);
    Await.until("a knows", () -> a.links().isEmpty());
    assertFault(() -> b.connect(a.self(), LONG), TransportCode.CLOSED);
    assertFault(() -> b.handle(ECHO, ignored -> {}), TransportCode.CLOSED);
  }

  @Test
  void aProtocolIsServedOnce() {
    var a = node("a");
    var registration = serveEcho(a);
    assertFault(() -> serveEcho(a), TransportCode.ALREADY_SERVED);
    registration.close();
    serveEcho(a).close();
  }
}
