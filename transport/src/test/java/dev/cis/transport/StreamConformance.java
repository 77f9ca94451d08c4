package dev.cis.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.KeyPair;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What streams do over every network: deadlines, cancellation, back-pressure, bandwidth. */
@Timeout(120)
public abstract class StreamConformance {
  protected static final Duration LONG = Duration.ofSeconds(60);
  protected static final ProtocolId ECHO = ProtocolId.parse("/cis/app/echo/1.0");
  private static final int WINDOW = 128 << 10;

  private final List<AutoCloseable> opened = new ArrayList<>();
  protected Swarm a;
  protected Swarm b;

  /** A node on the network under test. */
  protected abstract Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description);

  @BeforeEach
  void start() {
    a = node("a", TransportConfig.DEFAULT);
    b = a;
  }

  protected Swarm node(String name, TransportConfig config) {
    var swarm =
        join(
            KeyPair.generate(new SecureRandom()),
            config,
            StoredPeerBook.inMemory(),
            SwarmConformance.named(name));
    opened.add(swarm);
    return swarm;
  }

  /** Starts the other node, which serves so, and connects the two. */
  protected void serve(TransportConfig config, StreamHandler handler) {
    b = node("b", config);
    var _ = b.handle(ECHO, handler);
    a.connect(b.localAddresses().getFirst(), LONG);
  }

  protected void serve(StreamHandler handler) {
    serve(TransportConfig.DEFAULT, handler);
  }

  @AfterEach
  void closeAll() throws Exception {
    for (var closeable : opened) {
      closeable.close();
    }
  }

  private static Fault faultOf(ThrowingCallable call) {
    var faults = new ArrayList<Fault>();
    assertThatThrownBy(call).isInstanceOfSatisfying(Fault.class, faults::add);
    return faults.getFirst();
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(60, TimeUnit.SECONDS);
  }

  /** Reads to the end, and keeps what the stream ended with. */
  private static void readAll(Stream stream, CompletableFuture<Fault> fate) {
    try {
      while (stream.receive(1 << 20) != null) {}
      fate.completeExceptionally(new AssertionError("it ended well"));
    } catch (Fault e) {
      fate.complete(e);
      throw e;
    }
  }

  @Test
  void theAcceptorStopsAtTheOpenersDeadline() throws Exception {
    var fate = new CompletableFuture<Fault>();
    serve(stream -> readAll(stream, fate));
    // The opener says nothing more, and does not close either.
    var stream = a.open(b.self(), ECHO, Duration.ofMillis(300));
    stream.send(new byte[3]);
    assertThat(get(fate).code()).isEqualTo(TransportCode.STREAM_TIMEOUT);
    stream.close();
  }

  @Test
  void anOpenerWhoseDeadlineIsOverTellsThePeer() throws Exception {
    var fate = new CompletableFuture<Fault>();
    serve(stream -> {
      stream.deadline(null); // a protocol with a time limit of its own
      readAll(stream, fate);
    });
    var stream = a.open(b.self(), ECHO, Duration.ofMillis(200));
    stream.send(new byte[3]);
    assertThat(faultOf(() -> stream.receive(10)).code()).isEqualTo(TransportCode.STREAM_TIMEOUT);
    stream.close();
    assertThat(get(fate).code()).isEqualTo(TransportCode.STREAM_RESET);
    assertThat(a.link(b.self())).isPresent();
  }

  @Test
  void anInterruptedOpenerBreaksTheStreamOffForBoth() throws Exception {
    var fate = new CompletableFuture<Fault>();
    var reached = new CountDownLatch(1);
    serve(stream -> {
      stream.receive(10);
      reached.countDown();
      readAll(stream, fate);
    });
    var own = new CompletableFuture<Fault>();
    var caller =
        Thread.ofVirtual()
            .start(() -> {
              try (var stream = a.open(b.self(), ECHO, LONG)) {
                stream.send(new byte[3]);
                stream.receive(10);
              } catch (Fault e) {
                own.complete(e);
              }
            });
    reached.await();
    caller.interrupt();
    assertThat(get(own).getMessage()).contains("interrupted");
    assertThat(get(fate).code()).isEqualTo(TransportCode.STREAM_RESET);
    assertThat(a.ping(b.self(), LONG)).isPositive();
  }

  @Test
  void aHandlersFaultTellsItsKindToTheOpener() {
    serve(stream -> {
      stream.receive(10);
      throw new Fault(TransportCode.REFUSED, "not you");
    });
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      stream.send(new byte[1]);
      var fault = faultOf(() -> stream.receive(10));
      assertThat(fault.code()).isEqualTo(TransportCode.STREAM_RESET);
      assertThat(fault.getMessage()).contains(Kind.DENIED.name());
    }
  }

  @Test
  void theAcceptorMayEndItsDirectionFirst() throws Exception {
    var heard = new CompletableFuture<String>();
    serve(stream -> {
      stream.send("first".getBytes(UTF_8));
      stream.finish();
      var words = new StringBuilder();
      byte[] message;
      while ((message = stream.receive(100)) != null) {
        words.append(new String(message, UTF_8));
      }
      heard.complete(words.toString());
    });
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      assertThat(stream.receive(100)).isEqualTo("first".getBytes(UTF_8));
      assertThat(stream.receive(100)).isNull();
      stream.send("and ".getBytes(UTF_8));
      stream.send("then".getBytes(UTF_8));
      stream.finish();
      assertThat(get(heard)).isEqualTo("and then");
    }
  }

  @Test
  void theHighestMinorVersionOfTheMajorServesOlderAndNewerOpeners() {
    b = node("b", TransportConfig.DEFAULT);
    for (var version : List.of("1.2", "1.10", "1.9", "3.0")) {
      var _ =
          b.handle(
              ProtocolId.parse("/cis/app/echo/" + version),
              stream -> stream.send(stream.protocol().toString().getBytes(UTF_8)));
    }
    a.connect(b.localAddresses().getFirst(), LONG);
    for (var wanted : List.of("1.0", "1.10", "1.99", "3.7")) {
      try (var stream = a.open(b.self(), ProtocolId.parse("/cis/app/echo/" + wanted), LONG)) {
        var chosen = new String(requireNonNull(stream.receive(100)), UTF_8);
        assertThat(chosen).isEqualTo("/cis/app/echo/" + (wanted.startsWith("1") ? "1.10" : "3.0"));
        assertThat(stream.protocol()).hasToString(chosen);
      }
    }
    try (var stream = a.open(b.self(), ProtocolId.parse("/cis/app/echo/2.0"), LONG)) {
      assertThat(faultOf(() -> stream.receive(100)).code()).isEqualTo(TransportCode.NO_PROTOCOL);
    }
  }

  @Test
  void aReaderThatDoesNotReadBoundsWhatTheWriterCanWrite() throws Exception {
    var released = new CountDownLatch(1);
    var small = TransportConfig.DEFAULT.withWindows(WINDOW, 1 << 20);
    serve(small, stream -> released.await());
    long written = 0;
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      stream.deadline(Duration.ofMillis(1500));
      while (true) {
        stream.write(ByteBuffer.allocate(50_000));
        written += 50_000;
      }
    } catch (Fault e) {
      assertThat(e.code()).as(e.getMessage()).isEqualTo(TransportCode.STREAM_TIMEOUT);
    }
    released.countDown();
    // A buffer on each side, and the window, which may have grown while the buffer was filled.
    assertThat(written).isLessThan(5 << 20);
  }

  @Test
  void aWriterThatWaitsHearsThatTheReaderBreaksOff() throws Exception {
    var go = new CountDownLatch(1);
    serve(
        TransportConfig.DEFAULT.withWindows(WINDOW, 1 << 20),
        stream -> {
          go.await();
          stream.reset(Kind.EXHAUSTED);
        });
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      var fate = new CompletableFuture<Fault>();
      Thread.ofVirtual()
          .start(() -> {
            try {
              while (true) {
                stream.write(ByteBuffer.allocate(50_000));
              }
            } catch (Fault e) {
              fate.complete(e);
            }
          });
      go.countDown();
      assertThat(get(fate).code()).isEqualTo(TransportCode.STREAM_RESET);
    }
  }

  private static void count(Stream stream) {
    var buffer = ByteBuffer.allocate(64 << 10);
    long sum = 0;
    int size;
    while ((size = stream.read(buffer.clear())) >= 0) {
      sum += size;
    }
    stream.send(Long.toString(sum).getBytes(UTF_8));
  }

  /** Sends so much to a peer that counts; answers the seconds that it took. */
  private double transfer(int bytes) {
    long begun = System.nanoTime();
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      for (int left = bytes; left > 0; left -= 50_000) {
        stream.write(ByteBuffer.allocate(Math.min(left, 50_000)));
      }
      stream.finish();
      assertThat(stream.receive(100)).isEqualTo(Integer.toString(bytes).getBytes(UTF_8));
    }
    return (System.nanoTime() - begun) / 1e9;
  }

  /** The least time that so many bytes take at a rate, with what may be saved up before. */
  private static double least(int bytes, int rate) {
    return (bytes - rate / 10.0 - TokenBucket.QUANTUM) / rate;
  }

  @Test
  void aLimitOnSendingHolds() {
    serve(StreamConformance::count);
    transfer(200_000);
    a.traffic().limitProtocol("/cis/app/echo", null, 1_500_000L);
    assertThat(transfer(1_200_000)).isGreaterThan(least(1_200_000, 1_500_000));
    a.traffic().limitProtocol("/cis/app/echo", null, 0L);
    a.traffic().limitPeer(b.self(), null, 1_500_000L);
    assertThat(transfer(1_200_000)).isGreaterThan(least(1_200_000, 1_500_000));
    a.traffic().limitPeer(b.self(), null, 0L);
    a.traffic().limitAll(null, 1_500_000L);
    assertThat(transfer(1_200_000)).isGreaterThan(least(1_200_000, 1_500_000));
  }

  @Test
  void aLimitOnReceivingHoldsUpTheSender() {
    serve(
        TransportConfig.DEFAULT.with(new Bandwidth(1_500_000, 0, 0, 0, List.of())),
        StreamConformance::count);
    assertThat(transfer(1_200_000)).isGreaterThan(least(1_200_000, 1_500_000));
    b.traffic().limitAll(0L, null);
    transfer(30_000_000); // forty times what the lifted limit would let through in a minute
  }

  @Test
  void severalStreamsShareOneLimit() throws Exception {
    serve(StreamConformance::count);
    a.traffic().limitAll(null, 2_000_000L);
    long begun = System.nanoTime();
    var transfers = new ArrayList<CompletableFuture<Double>>();
    for (int i = 0; i < 4; i++) {
      var done = new CompletableFuture<Double>();
      transfers.add(done);
      Thread.ofVirtual()
          .start(() -> {
            try {
              done.complete(transfer(400_000));
            } catch (RuntimeException | AssertionError e) {
              done.completeExceptionally(e);
            }
          });
    }
    for (var each : transfers) {
      get(each);
    }
    assertThat((System.nanoTime() - begun) / 1e9).isGreaterThan(least(1_600_000, 2_000_000));
  }

  @Test
  void aPingPassesALimitAtWhichATransferWaits() throws Exception {
    serve(StreamConformance::count);
    a.traffic().limitAll(1024L, 1024L);
    b.traffic().limitAll(1024L, 1024L);
    var stream = a.open(b.self(), ECHO, LONG);
    var begun = new CountDownLatch(1);
    var writer =
        Thread.ofVirtual()
            .start(() -> {
              try {
                stream.write(ByteBuffer.allocate(100_000));
                begun.countDown();
                stream.write(ByteBuffer.allocate(100_000));
              } catch (Fault e) {
                begun.countDown();
              }
            });
    for (int i = 0; i < 50; i++) {
      a.ping(b.self(), LONG);
    }
    assertThat(begun.getCount()).as("a limit of a kilobyte a second").isOne();
    writer.interrupt();
    writer.join();
    stream.reset(Kind.UNREACHABLE);
  }

  /** Judged by bytes, not by time: so much of a transfer at most goes before a ping. */
  @Test
  void aPingWaitsForALittleOfATransferThatTakesAllThereIs() throws Exception {
    a.traffic().rank(ECHO, Priority.BULK);
    var arrived = new AtomicLong();
    serve(stream -> {
      var buffer = ByteBuffer.allocate(256 << 10);
      int size;
      while ((size = stream.read(buffer.clear())) >= 0) {
        arrived.addAndGet(size);
      }
    });
    var stream = a.open(b.self(), ECHO, LONG);
    var writer =
        Thread.ofVirtual()
            .start(() -> {
              try {
                while (true) {
                  stream.write(ByteBuffer.allocate(256 << 10));
                }
              } catch (Fault brokenOff) {
                assertThat(brokenOff.code()).isEqualTo(TransportCode.STREAM_RESET);
              }
            });
    Await.until("the transfer runs", () -> arrived.get() > 32 << 20);
    var before = new ArrayList<Long>();
    for (int i = 0; i < 40; i++) {
      long begun = arrived.get();
      a.ping(b.self(), LONG);
      before.add(arrived.get() - begun);
    }
    stream.reset(Kind.UNREACHABLE);
    writer.join();
    // Two socket buffers, what waits in the stream at either end, and what came while it was read.
    assertThat(before.stream().sorted().toList().get(20)).isLessThan(12L << 20);
  }

  @Test
  void streamsOfEveryPriorityCarryBytesOnBothSides() {
    serve(StreamConformance::count);
    for (var priority : Priority.values()) {
      a.traffic().rank(ECHO, priority);
      b.traffic().rank(ECHO, priority);
      transfer(100_000);
    }
  }

  @Test
  void connectionsStreamsAndEndsAreCounted() {
    serve(StreamConformance::count);
    transfer(10);
    try (var refused = a.open(b.self(), ProtocolId.parse("/cis/app/nothing/1.0"), LONG)) {
      assertThat(faultOf(() -> refused.receive(10)).code()).isEqualTo(TransportCode.NO_PROTOCOL);
    }
    assertThat(a.counters().dials()).isOne();
    assertThat(b.counters().accepted()).isOne();
    assertThat(a.counters().streamsOpened()).isEqualTo(3); // with that of the greetings
    assertThat(b.counters().streamsAccepted()).isEqualTo(3);
    assertThat(b.counters().streamsRefused()).isOne();
    assertThat(a.counters().ended()).isEmpty();
    boolean _ = b.hangUp(a.self(), "had enough");
    Await.until("both know", () -> !a.counters().ends().isEmpty());
    assertThat(b.counters().ended()).containsExactly(Map.entry("here goodbye", 1L));
    var end = a.counters().ends().getFirst();
    assertThat(end.peer()).isEqualTo(b.self());
    assertThat(end.reason()).contains("had enough");
  }

  @Test
  void bothSidesCountTheSameBytes() {
    serve(stream -> {
      byte[] message;
      while ((message = stream.receive(1 << 20)) != null) {
        stream.send(message);
      }
    });
    for (int i = 0; i < 5; i++) {
      try (var stream = a.open(b.self(), ECHO, LONG)) {
        stream.send(new byte[10_000]);
        stream.finish();
        assertThat(stream.receive(10_000)).hasSize(10_000);
        assertThat(stream.receive(10_000)).isNull();
      }
    }
    var here = requireNonNull(a.traffic().look().protocols().get("/cis/app/echo"));
    var there = requireNonNull(b.traffic().look().protocols().get("/cis/app/echo"));
    assertThat(here.out().total()).isBetween(50_000L, 52_000L).isEqualTo(there.in().total());
    assertThat(here.in().total()).isBetween(50_000L, 52_000L).isEqualTo(there.out().total());
    var peer = requireNonNull(a.traffic().look().peers().get(b.self()));
    assertThat(peer.out().total()).isGreaterThan(here.out().total());
    assertThat(a.link(b.self()).orElseThrow().bytesSent()).isEqualTo(peer.out().total());
  }
}
