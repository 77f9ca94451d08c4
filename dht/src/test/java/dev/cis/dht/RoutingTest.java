package dev.cis.dht;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.cis.dht.proto.DhtMessage;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.memory.MemoryNetwork;
import java.nio.file.Files;
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
import org.junit.jupiter.api.io.TempDir;

class RoutingTest {
  private static final Duration WITHIN = Duration.ofSeconds(30);

  private record Peer(KeyPair key, Swarm swarm, Routing routing) {
    NodeId id() {
      return key.nodeId();
    }

    Address address() {
      return swarm.localAddresses().getFirst();
    }

    void close() {
      routing.close();
      swarm.close();
    }
  }

  @TempDir private Path folder;
  private final MemoryNetwork network = new MemoryNetwork();
  private final SplittableRandom random = new SplittableRandom(5);
  private final List<Peer> peers = new ArrayList<>();

  @AfterEach
  void stop() {
    peers.forEach(Peer::close);
  }

  private Peer start(Routing.Mode mode) {
    return start(KeyPair.generate(random), mode);
  }

  private Peer start(KeyPair key, Routing.Mode mode) {
    var description =
        new PeerDescription("p" + peers.size(), new TreeMap<>(), List.of(), List.of());
    var swarm = network.join(key, TransportConfig.DEFAULT, StoredPeerBook.inMemory(), description);
    var file = folder.resolve(key.nodeId().brief() + ".table");
    var peer =
        new Peer(key, swarm, Routing.start(key, swarm, file, DhtConfig.DEFAULT.withMode(mode)));
    peers.add(peer);
    return peer;
  }

  private List<Peer> start(int count) {
    for (int i = 0; i < count; i++) {
      start(Routing.Mode.AUTO);
      if (i > 0) {
        peers.get(i).swarm.connect(peers.getFirst().address(), WITHIN);
      }
    }
    return peers;
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
  void twelveNodesThatKnowOneAddressFindAllOthers() {
    start(12);
    for (var peer : peers) {
      peer.routing.bootstrap(WITHIN);
    }
    for (var peer : peers) {
      await("everyone in the table of " + peer, () -> peer.routing.tableSize() == 11);
      await(
          "everyone in the address book of " + peer,
          () -> peer.swarm.book().entries().stream().filter(e -> e.record() != null).count() >= 11);
    }
    for (var asker : peers) {
      for (var target : peers) {
        if (!asker.equals(target)) {
          assertThat(asker.routing.findPeer(target.id(), WITHIN))
              .hasValueSatisfying(
                  record -> assertThat(record.value().node()).isEqualTo(target.id()));
        }
      }
    }
    assertThat(peers.get(3).routing.findClosestPeers(peers.get(5).id(), 1, WITHIN))
        .extracting(record -> record.value().node())
        .containsExactly(peers.get(5).id());
  }

  @Test
  void theSwarmReachesANodeByItsIdAlone() {
    start(4);
    var first = peers.get(1);
    var last = peers.get(3);
    await("all know each other", () -> peers.stream().allMatch(p -> p.routing.tableSize() == 3));
    boolean _ = first.swarm.hangUp(last.id(), "for the test");
    first.swarm.book().remove(last.id());
    assertThat(first.routing.find(last.id(), WITHIN)).contains(last.address());
    assertThat(first.swarm.connect(last.id(), WITHIN).peer()).isEqualTo(last.id());
  }

  @Test
  void aClientFindsOthersAndStandsInNobodysTable() {
    start(3);
    var client = start(Routing.Mode.CLIENT);
    client.swarm.connect(peers.getFirst().address(), WITHIN);
    await("the client knows the three", () -> client.routing.tableSize() == 3);
    assertThat(client.routing.mode()).isEqualTo(Routing.Mode.CLIENT);
    assertThat(client.routing.findPeer(peers.get(2).id(), WITHIN)).isPresent();
    await("the others know two", () -> peers.get(1).routing.tableSize() == 2);
    assertThat(peers.get(1).routing.findPeer(client.id(), Duration.ofSeconds(5))).isEmpty();
  }

  @Test
  void aNodeThatStartsAgainFindsTheOthersByItsStateFile() {
    start(4);
    var old = peers.get(3);
    await("it knows the others", () -> old.routing.tableSize() == 3);
    old.close();
    peers.remove(old);
    var again = start(old.key, Routing.Mode.AUTO);
    await("it knows the others again", () -> again.routing.tableSize() == 3);
  }

  @Test
  void aCorruptStateFileDoesNotStopTheNode() throws Exception {
    var key = KeyPair.generate(random);
    var file = folder.resolve(key.nodeId().brief() + ".table");
    Files.writeString(file, "not a table");
    var peer = start(key, Routing.Mode.AUTO);
    assertThat(peer.routing.tableSize()).isZero();
    assertThat(folder.resolve(file.getFileName() + ".corrupt")).hasContent("not a table");
  }

  @Test
  void bootstrapWithoutAnybodyEndsInTimeWithNobody() {
    var lonely = start(Routing.Mode.AUTO);
    assertThat(lonely.routing.bootstrap(Duration.ofMillis(200))).isZero();
    assertThat(lonely.routing.findPeer(KeyPair.generate(random).nodeId(), WITHIN)).isEmpty();
    assertThat(lonely.routing.mode()).isEqualTo(Routing.Mode.SERVER);
  }

  @Test
  void garbageOnAStreamIsRefusedAndTheNodeLivesOn() {
    start(2);
    var server = peers.getFirst();
    var rude = peers.get(1).swarm;
    for (int i = 0; i < 50; i++) {
      var garbage = new byte[random.nextInt(1, 3000)];
      random.nextBytes(garbage);
      try (var stream = rude.open(server.id(), DhtMessage.PROTOCOL, WITHIN)) {
        stream.send(garbage);
        stream.finish();
        stream.receive(DhtMessage.MAX_RESPONSE);
      } catch (dev.cis.kernel.fault.Fault e) {
        assertThat(e.code()).isNotNull();
      }
    }
    assertThat(peers.get(1).routing.findClosestPeers(server.id(), 1, WITHIN)).hasSize(1);
  }

  @Test
  void aClosedDhtServesNoMore() {
    start(2);
    peers.getFirst().routing.close();
    assertThat(peers.getFirst().swarm.record().value().protocols())
        .noneMatch(DhtMessage.PROTOCOL::serves);
  }
}
