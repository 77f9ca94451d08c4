package dev.cis.dht;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Address;
import dev.cis.transport.Link;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.PeerLink;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.memory.MemoryNetwork;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What proves to a node that it can be reached. */
class ServingTest {
  private static final Duration WITHIN = Duration.ofSeconds(30);
  private static final int LARGE = 64;

  private final MemoryNetwork network = MemoryNetwork.ofPublicAddresses();
  private final SplittableRandom random = new SplittableRandom(3);
  private final Swarm swarm = join();
  private final Swarm other = join();
  private final Serving serving =
      new Serving(swarm, DhtConfig.DEFAULT, new Calls(swarm, DhtConfig.DEFAULT, input -> {}));

  private Swarm join() {
    return network.join(
        KeyPair.generate(random),
        TransportConfig.DEFAULT,
        StoredPeerBook.inMemory(),
        new PeerDescription("", new TreeMap<>(), List.of(), List.of()));
  }

  /** A link to the outside, so that the network is not a private one. */
  @BeforeEach
  void connect() {
    swarm.connect(other.localAddresses().getFirst(), WITHIN);
  }

  @AfterEach
  void stop() {
    serving.close();
    swarm.close();
    other.close();
  }

  private Routing.Mode after(boolean outbound, String remote, String path) {
    serving.connected(
        new PeerLink(
            other.self(),
            outbound,
            new Address(remote, 7677),
            path,
            Instant.EPOCH,
            null,
            0,
            0,
            0,
            Set.of(),
            null));
    serving.decide(LARGE);
    return serving.mode();
  }

  @Test
  void onlyWhoWasDialledDirectlyFromAPublicAddressServesALargeNetwork() {
    assertThat(after(true, "203.0.113.5", Link.DIRECT)).isEqualTo(Routing.Mode.CLIENT);
    assertThat(after(false, "192.168.1.5", Link.DIRECT)).isEqualTo(Routing.Mode.CLIENT);
    assertThat(after(false, "203.0.113.5", Link.RELAY)).isEqualTo(Routing.Mode.CLIENT);
    assertThat(after(false, "203.0.113.5", Link.DIRECT)).isEqualTo(Routing.Mode.SERVER);
  }

  @Test
  void inASmallNetworkEverybodyServes() {
    serving.decide(LARGE - 1);
    assertThat(serving.mode()).isEqualTo(Routing.Mode.SERVER);
    serving.decide(LARGE);
    assertThat(serving.mode()).isEqualTo(Routing.Mode.CLIENT);
  }
}
