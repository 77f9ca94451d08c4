package dev.cis.transport.quic;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Admission;
import dev.cis.transport.Await;
import dev.cis.transport.NetworkSwarm;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.SwarmConformance;
import dev.cis.transport.TransportConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class QuicSwarmTest extends SwarmConformance {
  private final Map<Swarm, QuicNetwork> networks = new ConcurrentHashMap<>();

  static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  @Override
  protected Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description) {
    var here = config.withListen(anyPort());
    var network = QuicNetwork.bind(key, here, RawDatagrams.NONE);
    var swarm = NetworkSwarm.start(key, here, book, description, network);
    networks.put(swarm, network);
    return swarm;
  }

  @Override
  protected int connections(Swarm swarm) {
    return requireNonNull(networks.get(swarm)).connections();
  }

  @Test
  @Tag("lab") // for its length
  void twoThatDialEachOtherAThousandTimesEndUpWithOneLink() throws Exception {
    dialEachOther(1_000);
  }

  @Test
  void swarmsThatShareAnEventLoopOutliveEachOther() throws Exception {
    try (var loops = new EventLoops(1);
        var a = shared(loops);
        var c = shared(loops)) {
      try (var b = shared(loops)) {
        assertThat(b.connect(a.localAddresses().getFirst(), LONG).peer()).isEqualTo(a.self());
        assertThat(b.ping(a.self(), LONG)).isPositive();
      }
      assertThat(c.connect(a.localAddresses().getFirst(), LONG).peer()).isEqualTo(a.self());
      assertThat(c.ping(a.self(), LONG)).isPositive();
    }
  }

  private static Swarm shared(EventLoops loops) {
    return QuicSwarm.open(
        KeyPair.generate(new SecureRandom()),
        TransportConfig.DEFAULT.withListen(anyPort()),
        StoredPeerBook.inMemory(),
        new PeerDescription("", new TreeMap<>(), List.of(), List.of()),
        Admission.OPEN,
        RawDatagrams.NONE,
        loops);
  }

  @Test
  void itListensOnSeveralAddressesOfBothFamilies() throws Exception {
    var six = InetAddress.getByAddress(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    assumeTrue(NetworkInterface.getByInetAddress(six) != null, "no IPv6 here");
    var config = TransportConfig.DEFAULT.withListen(anyPort(), new InetSocketAddress(six, 0));
    try (var a = open(config);
        var b = open(config)) {
      assertThat(b.localAddresses()).hasSize(2);
      for (var address : b.localAddresses()) {
        assertThat(a.connect(address, LONG).remote()).isEqualTo(address);
        assertThat(a.ping(b.self(), LONG)).isPositive();
        assertThat(a.hangUp(b.self(), "next address")).isTrue();
        Await.until("apart", () -> b.links().isEmpty());
      }
    }
  }

  private static Swarm open(TransportConfig config) {
    return QuicSwarm.open(
        KeyPair.generate(new SecureRandom()),
        config,
        StoredPeerBook.inMemory(),
        SwarmConformance.named(""));
  }

  @Override
  protected int rounds() {
    return 200;
  }
}
