package dev.cis.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Address;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The end of a stream arrives behind all of its bytes, however many there are. */
class StreamEndTest {
  private static final ProtocolId BULK = ProtocolId.parse("/cis/app/bulk/1.0");
  private static final ProtocolId ECHO = ProtocolId.parse("/cis/app/echo/1.0");
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final int ROUNDS = Integer.getInteger("cis.rounds", 12);
  private static final int MOST = 4 << 20;

  private Swarm a;
  private Swarm b;

  @BeforeEach
  void connect() {
    a = open("a");
    b = open("b");
    a.book().suggest(b.self(), b.localAddresses().getFirst(), "test");
  }

  @AfterEach
  void close() {
    a.close();
    b.close();
  }

  private static Swarm open(String name) {
    return QuicSwarm.open(
        KeyPair.generate(new SecureRandom()),
        TransportConfig.DEFAULT.withListen(QuicSwarmTest.anyPort()),
        StoredPeerBook.inMemory(),
        new PeerDescription(name, new TreeMap<>(), List.of(), List.of()));
  }

  private static long readToEnd(Stream stream) {
    var buffer = ByteBuffer.allocate(64 << 10);
    long total = 0;
    int size;
    while ((size = stream.read(buffer.clear())) >= 0) {
      total += size;
    }
    return total;
  }

  /** Sizes around what a packet, a chunk and a window hold, and some in between. */
  private static int size(int round, SplittableRandom random) {
    return switch (round % 6) {
      case 0 -> round / 6 % 3;
      case 1 -> 1_100 + random.nextInt(300);
      case 2 -> 128 << 10;
      case 3 -> (1 << 20) + random.nextInt(2) - 1;
      default -> (1 << 20) + random.nextInt(MOST - (1 << 20));
    };
  }

  @Test
  void aStreamWrittenInOneGoEndsBehindItsLastByte() throws Exception {
    var random = new SplittableRandom(1);
    var totals = new LinkedBlockingQueue<Long>();
    var _ =
        b.handle(
            BULK,
            stream -> {
              stream.deadline(LONG);
              totals.add(readToEnd(stream));
            });
    for (int round = 0; round < ROUNDS; round++) {
      int size = size(round, random);
      try (var stream = a.open(b.self(), BULK, LONG)) {
        stream.write(ByteBuffer.allocate(size));
        stream.finish();
        assertThat(totals.poll(LONG.toSeconds(), TimeUnit.SECONDS))
            .as("round " + round + " of " + size + " bytes")
            .isEqualTo(size);
      }
    }
  }

  @Test
  void anAnswerEndsThoughTheAskerHasEndedBefore() throws Exception {
    var random = new SplittableRandom(2);
    serveAnswers(round -> size(round, random));
    for (int round = 0; round < ROUNDS; round++) {
      assertAnswerEnds(round);
    }
  }

  /**
   * A stream that has no unacknowledged data and whose peer has ended is forgotten by quiche, even
   * while an empty frame with the end is on its way (quiche issue 2525). When that is lost, nobody
   * sends it again.
   */
  @Test
  void theEndOfAnAnswerSurvivesTheLossOfPackets() throws Exception {
    try (var lossy = new LossyPath(b.localAddresses().getFirst().port(), 7)) {
      a.book().suggest(b.self(), new Address("127.0.0.1", lossy.port()), "test");
      a.connect(new Address("127.0.0.1", lossy.port()), LONG);
      serveAnswers(round -> 1 + round);
      lossy.dropEvery(4);
      for (int round = 0; round < 3 * ROUNDS; round++) {
        assertAnswerEnds(round);
      }
    }
  }

  private void serveAnswers(IntUnaryOperator sizes) {
    var round = new AtomicInteger();
    var _ =
        b.handle(
            ECHO,
            stream -> {
              stream.deadline(LONG);
              assertThat(stream.receive(100)).isNotNull();
              assertThat(stream.receive(100)).isNull();
              stream.write(ByteBuffer.allocate(sizes.applyAsInt(round.getAndIncrement())));
            });
  }

  private void assertAnswerEnds(int round) {
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      stream.send(new byte[8]);
      stream.finish();
      assertThat(readToEnd(stream)).as("round " + round).isNotNegative();
    }
  }
}
