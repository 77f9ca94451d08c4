package dev.cis.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Address;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.Wire;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Datagrams grow to what the path carries, both ways, and a path that carries little works. */
class PathMtuTest {
  private static final ProtocolId ECHO = ProtocolId.parse("/cis/app/echo/1.0");
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final int BYTES = 6 << 20;
  private static final int SMALLEST = 1200;
  private static final int ANY = Integer.MAX_VALUE;

  private final List<Swarm> open = new ArrayList<>();

  @AfterEach
  void close() {
    open.forEach(Swarm::close);
  }

  private Swarm swarm(TransportConfig config) {
    var swarm =
        QuicSwarm.open(
            KeyPair.generate(new SecureRandom()),
            config.withListen(QuicSwarmTest.anyPort()),
            StoredPeerBook.inMemory(),
            new PeerDescription("", new TreeMap<>(), List.of(), List.of()));
    open.add(swarm);
    return swarm;
  }

  /** Sends bytes through the path to a second node, which sends them back. */
  private void thereAndBack(TransportConfig config, int carries, Consumer<LossyPath> check)
      throws IOException {
    var a = swarm(config);
    var b = swarm(config);
    var _ = b.handle(ECHO, PathMtuTest::echo);
    try (var path = new LossyPath(b.localAddresses().getFirst().port(), 1)) {
      path.carries(carries);
      var peer = a.connect(new Address("127.0.0.1", path.port()), LONG).peer();
      try (var stream = a.open(peer, ECHO, LONG)) {
        stream.deadline(LONG);
        var sent = new byte[BYTES];
        new SplittableRandom(3).nextBytes(sent);
        stream.write(ByteBuffer.wrap(sent));
        stream.finish();
        assertThat(read(stream)).isEqualTo(sent);
      }
      check.accept(path);
    }
  }

  private static byte[] read(Stream stream) {
    var all = ByteBuffer.allocate(BYTES);
    while (all.hasRemaining() && stream.read(all) >= 0) {}
    return Arrays.copyOf(all.array(), all.position());
  }

  private static void echo(Stream stream) {
    stream.deadline(LONG);
    stream.write(ByteBuffer.wrap(read(stream)));
  }

  @Test
  void datagramsGrowToWhatLoopbackCarries() throws Exception {
    assumeTrue(Epoll.isAvailable());
    thereAndBack(
        TransportConfig.DEFAULT,
        ANY,
        path -> {
          assertThat(path.largestThere()).isGreaterThan(9_000);
          assertThat(path.largestBack()).isGreaterThan(9_000);
        });
  }

  @Test
  void bulkArrivesThoughThePathLosesAllThatIsMuchLargerThanTheSmallestSize() throws Exception {
    assumeTrue(Epoll.isAvailable());
    thereAndBack(
        TransportConfig.DEFAULT,
        SMALLEST + 50,
        path -> {
          assertThat(path.largestThere()).isBetween(1_000, SMALLEST + 50);
          assertThat(path.largestBack()).isBetween(1_000, SMALLEST + 50);
          assertThat(path.tooLarge()).isGreaterThan(SMALLEST + 50);
        });
  }

  @Test
  void nothingLargerThanConfiguredIsTried() throws Exception {
    var wire = TransportConfig.DEFAULT.wire();
    thereAndBack(
        TransportConfig.DEFAULT.with(new Wire(wire.streamWindow(), wire.connectionWindow(), 1300)),
        ANY,
        path -> {
          assertThat(path.largestThere()).isBetween(SMALLEST, 1300);
          assertThat(path.largestBack()).isBetween(SMALLEST, 1300);
        });
  }
}
