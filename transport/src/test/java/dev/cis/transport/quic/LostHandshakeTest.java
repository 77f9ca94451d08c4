package dev.cis.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Address;
import dev.cis.transport.Await;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Handshakes whose packets are lost. QUIC's own retransmissions never have the bytes of the packet
 * that they replace, and are lost here like all that comes for the first time: a connection comes
 * about only by what is repeated.
 */
class LostHandshakeTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final List<Swarm> open = new ArrayList<>();

  @AfterEach
  void close() {
    open.forEach(Swarm::close);
  }

  private Swarm swarm() {
    var swarm =
        QuicSwarm.open(
            KeyPair.generate(new SecureRandom()),
            TransportConfig.DEFAULT
                .withListen(QuicSwarmTest.anyPort())
                .withIdle(Duration.ofMinutes(10), Duration.ofMinutes(5)),
            StoredPeerBook.inMemory(),
            new PeerDescription("", new TreeMap<>(), List.of(), List.of()));
    open.add(swarm);
    return swarm;
  }

  @ParameterizedTest
  @CsvSource({"true, false", "false, true"})
  void whatWasLostIsSaidAgain(boolean there, boolean back) throws IOException {
    var a = swarm();
    var b = swarm();
    try (var path = new LossyPath(b.localAddresses().getFirst().port(), 1)) {
      path.loseFirstCopies(there, back);
      var peer = a.connect(new Address("127.0.0.1", path.port()), LONG).peer();
      assertThat(peer).isEqualTo(b.self());
      assertThat(a.ping(peer, LONG)).isPositive();
    }
  }

  @Test
  void aGoodbyeIsSaidAgain() throws IOException {
    var a = swarm();
    var b = swarm();
    try (var path = new LossyPath(b.localAddresses().getFirst().port(), 1)) {
      var peer = a.connect(new Address("127.0.0.1", path.port()), LONG).peer();
      Await.until("b knows a", () -> b.link(a.self()).isPresent());
      path.loseAllFirstCopies();
      assertThat(a.disconnect(peer)).isTrue();
      Await.until("b has heard the goodbye", () -> b.link(a.self()).isEmpty());
    }
  }
}
