package dev.cis.dht;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.cis.dht.proto.DhtMessage;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.memory.MemoryNetwork;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What part a node takes where addresses are public. */
@Timeout(180)
class ModesTest {
  private static final Duration WITHIN = Duration.ofSeconds(30);

  private record Peer(Swarm swarm, Routing routing) {
    boolean tellsThatItServes() {
      return swarm.record().value().protocols().stream().anyMatch(DhtMessage.PROTOCOL::serves);
    }
  }

  @TempDir private Path folder;
  private final MemoryNetwork network = MemoryNetwork.ofPublicAddresses();
  private final SplittableRandom random = new SplittableRandom(11);
  private final List<Peer> peers = new ArrayList<>();

  @AfterEach
  void stop() {
    for (var peer : peers) {
      peer.routing.close();
      peer.swarm.close();
    }
  }

  /** A node to which a network of {@code small} nodes is no longer small. */
  private Peer start(Routing.Mode mode, int small) {
    var key = KeyPair.generate(random);
    var description =
        new PeerDescription("p" + peers.size(), new TreeMap<>(), List.of(), List.of());
    var swarm = network.join(key, TransportConfig.DEFAULT, StoredPeerBook.inMemory(), description);
    var defaults = DhtConfig.DEFAULT;
    var config =
        new DhtConfig(
            mode,
            small,
            defaults.persistEvery(),
            defaults.servedAtOnce(),
            defaults.kademlia(),
            defaults.records());
    var file = folder.resolve(key.nodeId().brief() + ".table");
    var peer = new Peer(swarm, Routing.start(key, swarm, file, config));
    peers.add(peer);
    return peer;
  }

  private static void connect(Peer from, Peer to) {
    from.swarm.connect(to.swarm.localAddresses().getFirst(), WITHIN);
  }

  private static void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + WITHIN.multipliedBy(2).toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        fail("not within a minute: " + what);
      }
      LockSupport.parkNanos(20_000_000);
    }
  }

  @Test
  void withAutoItServesASmallNetworkThenOnlyIfItIsReachedFromOutside() {
    var server = start(Routing.Mode.SERVER, 64);
    var auto = start(Routing.Mode.AUTO, 1);
    assertThat(auto.routing.mode()).as("alone").isEqualTo(Routing.Mode.SERVER);
    connect(auto, server);
    await("it serves no more", () -> auto.routing.mode() == Routing.Mode.CLIENT);
    assertThat(auto.tellsThatItServes()).isFalse();
    await("it is in nobody's table", () -> server.routing.tableSize() == 0);

    connect(start(Routing.Mode.CLIENT, 64), auto);
    await("it serves again", () -> auto.routing.mode() == Routing.Mode.SERVER);
    assertThat(auto.tellsThatItServes()).isTrue();
    await("it is in the table", () -> server.routing.tableSize() == 1);
  }

  @Test
  void withLanItAnswersNobodyFromOutsideAndKnowsNobodyThere() {
    var server = start(Routing.Mode.SERVER, 64);
    var lan = start(Routing.Mode.LAN, 64);
    assertThat(lan.routing.mode()).isEqualTo(Routing.Mode.LAN);
    connect(lan, server);
    await("it was asked in vain", () -> server.routing.stats().failed() > 0);
    assertThat(lan.routing.tableSize()).isZero();
    assertThat(lan.routing.findPeer(server.swarm.self(), Duration.ofSeconds(1))).isEmpty();
    assertThat(lan.routing.stats().requests()).isZero();
    assertThat(lan.routing.stats().served()).isZero();
  }
}
