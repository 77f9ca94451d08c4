package dev.cis.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Address;
import dev.cis.transport.Await;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.PeerLink;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** After a change of network nobody waits for a time-out: all of them are ten minutes here. */
class NetworkChangeTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final TransportConfig PATIENT =
      TransportConfig.DEFAULT
          .withListen(QuicSwarmTest.anyPort())
          .withIdle(Duration.ofMinutes(10), Duration.ofMinutes(5))
          .withBackoff(Duration.ofMinutes(10), Duration.ofMinutes(10));

  private final Swarm a = open();
  private final Swarm b = open();

  private static Swarm open() {
    return QuicSwarm.open(
        KeyPair.generate(new SecureRandom()),
        PATIENT,
        StoredPeerBook.inMemory(),
        new PeerDescription("", new TreeMap<>(), List.of(), List.of()));
  }

  @AfterEach
  void close() {
    a.close();
    b.close();
  }

  private static Address address(int port) {
    return new Address(InetAddress.getLoopbackAddress().getHostAddress(), port);
  }

  @Test
  void aDeadConnectionIsFoundAndMadeAnewByAnotherAddress() throws Exception {
    try (var path = new LossyPath(b.localAddresses().getFirst().port(), 1)) {
      var before = a.connect(address(path.port()), LONG);
      assertThat(before.remote().port()).isEqualTo(path.port());
      path.dropEvery(1);
      a.networkChanged();
      Await.until(
          "connected without the dead path",
          () -> a.link(b.self()).map(link -> link.remote().port() != path.port()).orElse(false));
      assertThat(a.ping(b.self(), LONG)).isPositive();
      assertThat(b.links()).hasSize(1);
    }
  }

  @Test
  void aLivingConnectionStaysTheSame() {
    var before = a.connect(b.localAddresses().getFirst(), LONG);
    a.book().suggest(b.self(), address(1), "test");
    long described = a.record().value().sequence();
    a.networkChanged();
    // The record is sent on the same connection, behind the change.
    Await.until("told", () -> sequence(b, a) > described);
    assertThat(a.ping(b.self(), LONG)).isPositive();
    assertThat(a.link(b.self()).map(PeerLink::since)).isEqualTo(Optional.of(before.since()));
  }

  private static long sequence(Swarm knower, Swarm known) {
    var record = knower.book().find(known.self()).orElseThrow().record();
    return record == null ? 0 : record.value().sequence();
  }

  @Test
  void aKeptPeerIsDialledAtOnceThoughItsPauseIsLong() {
    a.book().suggest(b.self(), b.localAddresses().getFirst(), "test");
    a.keep(b.self());
    Await.until("connected", () -> a.link(b.self()).isPresent());
    boolean _ = b.hangUp(a.self(), "for the test");
    Await.until("apart", () -> a.link(b.self()).isEmpty());
    a.networkChanged();
    Await.until("connected anew", () -> a.link(b.self()).isPresent());
  }
}
