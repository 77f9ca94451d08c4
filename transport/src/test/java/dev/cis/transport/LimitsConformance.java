package dev.cis.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Each limit, on any network: it holds, whoever is refused hears its name, others are served, and
 * nothing is used afterwards.
 */
public abstract class LimitsConformance {
  protected static final Duration LONG = Duration.ofSeconds(30);
  protected static final ProtocolId HOLD = ProtocolId.parse("/cis/app/hold/1.0");
  protected static final ProtocolId ECHO = ProtocolId.parse("/cis/app/echo/1.0");

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final CountDownLatch held = new CountDownLatch(1);

  /** A node on the network under test. */
  protected abstract Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description);

  @AfterEach
  void closeAll() throws Exception {
    held.countDown();
    for (var closeable : opened.reversed()) {
      closeable.close();
    }
  }

  protected void closeLater(AutoCloseable closeable) {
    opened.add(closeable);
  }

  protected Swarm node(Limits limits) {
    var config =
        TransportConfig.DEFAULT
            .with(limits)
            .with(Dialling.DEFAULT.withDials(64, 10_000))
            .withIdle(Duration.ofSeconds(8), Duration.ofSeconds(2));
    return node(config);
  }

  protected Swarm node(TransportConfig config) {
    var swarm =
        join(
            KeyPair.generate(new SecureRandom()),
            config,
            StoredPeerBook.inMemory(),
            new PeerDescription("", new TreeMap<>(), List.of(), List.of()));
    opened.add(swarm);
    var _ = swarm.handle(HOLD, stream -> held.await());
    var _ =
        swarm.handle(
            ECHO,
            stream -> {
              byte[] message = stream.receive(16 << 20);
              if (message != null) {
                stream.send(message);
              }
            });
    return swarm;
  }

  protected Swarm plain() {
    return node(Limits.DEFAULT);
  }

  protected static Address addressOf(Swarm swarm) {
    return swarm.localAddresses().getFirst();
  }

  protected static void introduce(Swarm who, Swarm to) {
    who.book().suggest(to.self(), addressOf(to), "test");
  }

  protected static Usage.Reading reading(Swarm swarm, String key) {
    return swarm.usage().readings().stream()
        .filter(reading -> reading.key().equals("transport." + key))
        .findFirst()
        .orElseThrow();
  }

  protected static void assertServed(Swarm from, NodeId by) {
    try (var stream = from.open(by, ECHO, LONG)) {
      stream.send("hello".getBytes(UTF_8));
      assertThat(stream.receive(100)).isEqualTo("hello".getBytes(UTF_8));
    }
  }

  protected static void assertBusy(ThrowingCallable call, String words) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            Fault.class,
            fault -> assertThat(fault.code()).as(fault.getMessage()).isEqualTo(TransportCode.BUSY))
        .hasMessageContaining(words);
  }

  private static Stream hold(Swarm from, NodeId by, ProtocolId protocol) {
    var stream = from.open(by, protocol, LONG);
    stream.send(new byte[1]);
    return stream;
  }

  /** A refusal, or the wait for an answer that does not come. */
  private static void hear(Stream stream) {
    stream.deadline(LONG);
    byte[] answer = stream.receive(100);
    throw new AssertionError("not refused but answered: " + (answer == null ? "" : answer.length));
  }

  private static Limits streams(int perPeer, int perProtocol, int rate) {
    return Limits.DEFAULT.with(new StreamLimits(perPeer, perProtocol, rate, 1 << 20));
  }

  @Test
  void moreStreamsOfOnePeerThanAllowedAreRefused() {
    var b = node(streams(8, 100, 100_000));
    var a = plain();
    var c = plain();
    introduce(a, b);
    introduce(c, b);
    var streams = new ArrayList<Stream>();
    for (int i = 0; i < 8; i++) {
      streams.add(hold(a, b.self(), HOLD));
    }
    Await.until("all are held", () -> reading(b, "max_inbound_streams").used() == 8);
    for (int i = 0; i < 20; i++) {
      try (var stream = hold(a, b.self(), ECHO)) {
        assertBusy(() -> hear(stream), "transport.max_inbound_streams = 8 is reached");
      }
    }
    assertServed(c, b.self());
    assertThat(reading(b, "max_inbound_streams").refused()).isEqualTo(20);
    assertThat(reading(b, "max_inbound_streams").busiest()).isEqualTo(a.self().toString());
    held.countDown();
    streams.forEach(Stream::close);
    Await.until("none is used", () -> reading(b, "max_inbound_streams").used() == 0);
    assertThat(reading(b, "max_inbound_streams").peak()).isEqualTo(8);
    assertServed(a, b.self());
  }

  @Test
  void moreStreamsOfOneProtocolThanAllowedAreRefusedAndOthersServed() {
    var b = node(streams(100, 3, 100_000));
    var a = plain();
    introduce(a, b);
    var streams = new ArrayList<Stream>();
    for (int i = 0; i < 3; i++) {
      streams.add(hold(a, b.self(), HOLD));
    }
    Await.until("all are held", () -> reading(b, "max_streams_per_protocol").used() == 3);
    try (var stream = hold(a, b.self(), HOLD)) {
      assertBusy(() -> hear(stream), "transport.max_streams_per_protocol = 3 is reached");
    }
    assertThat(reading(b, "max_streams_per_protocol").busiest()).contains(HOLD.toString());
    assertServed(a, b.self());
    held.countDown();
    streams.forEach(Stream::close);
    Await.until("none is used", () -> reading(b, "max_streams_per_protocol").used() == 0);
  }

  @Test
  void streamsThatComeTooFastAreRefusedUntilTheSecondIsOver() {
    var b = node(streams(1000, 1000, 30));
    var a = plain();
    var c = plain();
    introduce(a, b);
    introduce(c, b);
    assertServed(a, b.self());
    assertBusy(
        () -> {
          // However slow the machine: two hundred at once do not fit into seconds of thirty.
          var streams = new ArrayList<Stream>();
          for (int i = 0; i < 200; i++) {
            streams.add(hold(a, b.self(), ECHO));
          }
          for (var stream : streams) {
            assertThat(stream.receive(100)).hasSize(1);
          }
        },
        "transport.max_stream_rate = 30 is reached");
    assertServed(c, b.self());
    Await.until(
        "served again",
        () -> {
          try {
            assertServed(a, b.self());
            return true;
          } catch (Fault e) {
            return false;
          }
        });
  }

  @Test
  void aMessageForWhichThereIsNoMemoryIsRefused() throws Exception {
    var limits =
        Limits.DEFAULT
            .with(new StreamLimits(64, 64, 100_000, 16 << 20))
            .with(new ResourceLimits(2 << 20, 1 << 20, 0));
    var b = node(limits);
    var heard = new CompletableFuture<Fault>();
    var big = ProtocolId.parse("/cis/app/big/1.0");
    var _ =
        b.handle(
            big,
            stream -> {
              try {
                var _ = stream.receive(16 << 20);
              } catch (Fault e) {
                heard.complete(e);
                throw e;
              }
            });
    var a = plain();
    var c = plain();
    introduce(a, b);
    introduce(c, b);
    try (var stream = a.open(b.self(), big, LONG)) {
      assertThatThrownBy(
              () -> {
                stream.send(new byte[8 << 20]);
                var _ = stream.receive(100);
              })
          .isInstanceOf(Fault.class)
          .hasMessageContaining("EXHAUSTED");
    }
    assertThat(heard.get(30, TimeUnit.SECONDS))
        .hasMessageContaining("transport.max_memory_per_peer = 1048576 is reached");
    assertServed(c, b.self());
    assertServed(a, b.self());
    Await.until("all is given back", () -> reading(b, "max_memory").used() == 0);
    assertThat(reading(b, "max_memory_per_peer").refused()).isOne();
    assertThat(reading(b, "max_memory").peak()).isPositive().isLessThanOrEqualTo(2 << 20);
  }

  @Test
  void aMessageLargerThanAnyMayBeIsCounted() throws Exception {
    var b = node(streams(100, 100, 100_000));
    var a = plain();
    introduce(a, b);
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      assertThatThrownBy(
              () -> {
                stream.send(new byte[2 << 20]);
                var _ = stream.receive(100);
              })
          .isInstanceOf(Fault.class)
          .hasMessageContaining("INVALID");
    }
    Await.until("counted", () -> reading(b, "max_frame").refused() == 1);
    assertServed(a, b.self());
    assertThat(reading(b, "max_frame").peak()).isBetween(5L, 1L << 20);
  }

  @Test
  void peersGetNoStreamsWhenFileDescriptorsAreShort() {
    var b = node(Limits.DEFAULT.with(new ResourceLimits(1 << 20, 1 << 20, Integer.MAX_VALUE)));
    var a = plain();
    introduce(a, b);
    a.connect(b.self(), LONG);
    try (var stream = hold(a, b.self(), ECHO)) {
      assertBusy(() -> hear(stream), "transport.reserved_files");
    }
    assertThat(reading(b, "reserved_files").used()).isPositive();
    assertThat(reading(b, "reserved_files").refused()).isPositive();
    assertServed(b, a.self());
  }

  @Test
  void atTheHardMaximumAKeptPeerTakesThePlaceOfAnother() {
    var b = node(Limits.DEFAULT.with(new ConnectionLimits(2, 2, 2, Duration.ZERO)));
    var a = plain();
    var c = plain();
    var late = plain();
    var kept = plain();
    a.connect(addressOf(b), LONG);
    c.connect(addressOf(b), LONG);
    assertBusy(() -> late.connect(addressOf(b), LONG), "transport.max_connections = 2 is reached");
    assertBusy(() -> b.connect(addressOf(late), LONG), "transport.max_connections = 2 is reached");
    introduce(b, kept);
    b.keep(kept.self(), "room");
    Await.until("there", () -> b.link(kept.self()).isPresent());
    assertThat(b.links()).hasSize(2);
    Await.until("one gave way", () -> a.links().size() + c.links().size() == 1);
    var other = plain();
    b.keep(other.self(), "room");
    other.connect(addressOf(b), LONG); // a kept peer may also come by itself
    assertThat(b.link(kept.self())).isPresent();
    assertThat(b.links()).hasSize(2);
    assertBusy(() -> late.connectNow(addressOf(b), LONG), "transport.max_connections");
    assertThat(reading(b, "max_connections").peak()).isEqualTo(2);
  }

  @Test
  void aboveTheHighWaterMarkTheLeastUsefulAreClosedAndStayAway() {
    var b = node(Limits.DEFAULT.with(new ConnectionLimits(100, 2, 2, Duration.ofMillis(300))));
    var precious = plain();
    var busy = plain();
    b.keep(precious.self(), "room");
    precious.connect(addressOf(b), LONG);
    busy.connect(addressOf(b), LONG);
    introduce(busy, b);
    var streams = new ArrayList<Stream>();
    for (int i = 0; i < 8; i++) {
      streams.add(hold(busy, b.self(), HOLD));
    }
    var idle = new ArrayList<Swarm>();
    for (int i = 0; i < 3; i++) {
      idle.add(plain());
      introduce(idle.getLast(), b);
      idle.getLast().connect(b.self(), LONG);
    }
    Await.until("trimmed", () -> b.links().size() == 2);
    assertThat(b.link(precious.self())).isPresent();
    assertThat(b.link(busy.self())).isPresent();
    for (var trimmed : idle) {
      Await.until("told", () -> trimmed.links().isEmpty());
      assertThatThrownBy(() -> trimmed.open(b.self(), ECHO, LONG).close())
          .isInstanceOfSatisfying(
              Fault.class, fault -> assertThat(fault.code()).isEqualTo(TransportCode.BACKING_OFF))
          .hasMessageContaining("transport.high_water = 2 is passed");
    }
    assertThat(idle.getFirst().connectNow(b.self(), LONG).peer()).isEqualTo(b.self());
    streams.forEach(Stream::close);
  }

  @Test
  void aPeerIsKeptAsLongAsAnyoneWantsIt() {
    var a = plain();
    var b = plain();
    introduce(a, b);
    a.keep(b.self(), "gossip");
    a.keep(b.self(), "sync");
    a.release(b.self(), "gossip");
    a.release(b.self(), "gossip");
    Await.until("connected", () -> a.link(b.self()).isPresent() && b.link(a.self()).isPresent());
    var since = a.link(b.self()).orElseThrow().since();
    boolean _ = b.hangUp(a.self(), "for the test");
    Await.until(
        "connected anew",
        () -> a.link(b.self()).filter(link -> link.since().isAfter(since)).isPresent());
    a.release(b.self(), "sync");
    a.disconnect(b.self());
    assertThat(a.link(b.self())).isEmpty();
  }

  @Test
  void aPeerThatCannotBeReachedIsLeftAloneUnlessSomebodyAsks() {
    var slow = TransportConfig.DEFAULT.withBackoff(Duration.ofMinutes(10), Duration.ofMinutes(10));
    var a = node(slow);
    var dead = plain();
    var gone = addressOf(dead);
    var node = dead.self();
    dead.close();
    a.book().suggest(node, gone, "test");
    var brief = Duration.ofMillis(300);
    assertThatThrownBy(() -> a.connect(node, brief))
        .isInstanceOf(Fault.class)
        .hasMessageNotContaining("backing off");
    for (var call :
        List.<ThrowingCallable>of(
            () -> a.connect(node, LONG), () -> a.open(node, ECHO, LONG).close())) {
      assertThatThrownBy(call)
          .isInstanceOfSatisfying(
              Fault.class, fault -> assertThat(fault.code()).isEqualTo(TransportCode.BACKING_OFF))
          .hasMessageContaining("next try in");
    }
    assertThatThrownBy(() -> a.connectNow(node, brief)).hasMessageNotContaining("backing off");
    assertThatThrownBy(() -> a.connect(gone, brief)).hasMessageNotContaining("backing off");
    assertThatThrownBy(() -> a.connect(gone, LONG))
        .hasMessageContaining("backing off from " + gone + ", next try in");
    assertThatThrownBy(() -> a.connectNow(gone, brief)).hasMessageNotContaining("backing off");
    assertThat(reading(a, "max_connections").used()).isZero();
    assertThat(reading(a, "max_dials").used()).isZero();
  }

  @Test
  void whatWaitsForASlowReaderIsCountedAndGivenBack() throws Exception {
    var b = node(Limits.DEFAULT.with(new ResourceLimits(2 << 20, 1 << 20, 0)));
    var a = plain();
    var c = plain();
    introduce(a, b);
    introduce(c, b);
    var streams = new ArrayList<Stream>();
    var writers = new ArrayList<Thread>();
    for (int i = 0; i < 16; i++) {
      var stream = a.open(b.self(), HOLD, LONG);
      streams.add(stream);
      writers.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  stream.write(ByteBuffer.allocate(1 << 20));
                } catch (Fault closed) {
                  assertThat(closed.code()).isNotEqualTo(TransportCode.BUSY);
                }
              }));
    }
    waitUntilFull(b);
    for (int i = 0; i < 10; i++) {
      assertServed(c, b.self());
    }
    // A chunk that was under way may come on top, of each stream.
    assertThat(reading(b, "max_memory_per_peer").peak()).isLessThan(6 << 20);
    held.countDown();
    for (var writer : writers) {
      writer.join();
    }
    streams.forEach(Stream::close);
    Await.until("all is given back", () -> reading(b, "max_memory").used() == 0);
    assertServed(a, b.self());
  }

  /** Until unread bytes are where the limit is, if the network keeps them where they count. */
  protected abstract void waitUntilFull(Swarm swarm);
}
