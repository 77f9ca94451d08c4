package dev.cis.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import dev.cis.transport.Admission;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.PeerLocator;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.memory.MemoryNetwork;
import dev.cis.transport.realm.AccessConfig;
import dev.cis.transport.realm.Realms;
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

@Timeout(120)
class SwarmDiscoveryTest {
  private final MemoryNetwork network = new MemoryNetwork();
  private final SplittableRandom random = new SplittableRandom(3);
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (var each : open.reversed()) {
      each.close();
    }
  }

  @Test
  void theBootstrapListIsConnectedByAddressAndByIdentity() {
    var first = join();
    var second = join();
    var self = join();
    var discovery = discover(self, at(first).toString(), second.self() + "@" + at(second));
    await(() -> connected(self, first.self()) && connected(self, second.self()));
    await(() -> discovery.found().stream().allMatch(f -> f.node() != null && f.seen() != null));
    assertThat(discovery.found()).hasSize(2).allMatch(f -> f.failure() == null);
  }

  @Test
  void anotherNodeAtTheAddressIsNotTakenForTheOneThatWasMeant() {
    var impostor = join();
    var meant = KeyPair.generate(random).nodeId();
    var self = join();
    var discovery = discover(self, meant + "@" + at(impostor));
    await(() -> discovery.found().getFirst().failure() != null);
    assertThat(connected(self, meant)).isFalse();
    assertThat(connected(self, impostor.self())).isFalse();
  }

  @Test
  void aBootstrapNodeThatComesLaterIsReached() {
    var key = KeyPair.generate(random);
    var later = new Address("10.0.0.3", Address.DEFAULT_PORT); // the next to join but one
    var self = join();
    var discovery = discover(self, later.toString());
    await(() -> discovery.found().getFirst().failure() != null);
    assertThat(discovery.found().getFirst().node()).isNull();
    var other = join(key, StoredPeerBook.inMemory());
    assertThat(at(other)).isEqualTo(later);
    await(() -> connected(self, key.nodeId()));
    await(() -> discovery.found().getFirst().failure() == null);
  }

  @Test
  void anAliasIsPinnedToWhoeverAnsweredFirst() {
    var first = join();
    var second = join();
    var self = join();
    discover(self, "did:cis:bob@" + at(first)).close();
    // The list is worked through by threads of its own: a second run waits for the first's pin.
    var again = discover(self, "did:cis:bob@" + at(first));
    await(() -> self.book().find(first.self()).filter(e -> e.alias().equals("bob")).isPresent());
    again.close();
    var deceived = discover(self, "did:cis:bob@" + at(second));
    await(() -> deceived.found().getFirst().failure() != null);
    assertThat(deceived.found().getFirst().failure()).contains("bob");
  }

  @Test
  void rememberedAndManualPeersAreConnected() {
    var remembered = join();
    var manual = join();
    var book = StoredPeerBook.inMemory();
    book.suggest(remembered.self(), at(remembered), "observed");
    book.succeeded(remembered.self(), at(remembered));
    book.addManual(manual.self(), at(manual), "friend");
    var self = join(KeyPair.generate(random), book);
    var discovery = discover(self);
    await(() -> connected(self, remembered.self()) && connected(self, manual.self()));
    assertThat(discovery.found())
        .extracting(Discovery.Found::source)
        .containsExactlyInAnyOrder("remembered", "manual");
  }

  @Test
  void aManualPeerIsAddedAndRemovedWhileRunning() {
    var friend = join();
    var self = join();
    var quick =
        new DiscoveryConfig(
            false,
            false,
            false,
            List.of(),
            Duration.ofSeconds(10),
            Duration.ofMillis(20),
            DiscoveryConfig.DEFAULT.limits());
    var discovery = Discovery.create(self, quick);
    open.add(discovery);
    discovery.start();
    self.book().addManual(friend.self(), at(friend), null);
    await(() -> connected(self, friend.self()));
    assertThat(discovery.found()).hasSize(1);
    self.book().remove(friend.self());
    await(() -> discovery.found().isEmpty());
  }

  @Test
  void aFoundPeerIsSuggestedDialledAndForgottenWhenItLeaves() {
    var other = join();
    var self = join();
    var discovery = (SwarmDiscovery) discover(self);
    discovery.resolved(other.self(), List.of(at(other)));
    await(() -> connected(self, other.self()));
    assertThat(discovery.found())
        .singleElement()
        .satisfies(f -> assertThat(f.node()).isEqualTo(other.self()));
    discovery.gone(other.self());
    assertThat(discovery.found()).isEmpty();
  }

  @Test
  void itKnowsWhetherItIsOnlineAndTellsOfComingAndGoing() {
    var other = join();
    var self = join();
    var discovery = discover(self, at(other).toString());
    var heard = new java.util.concurrent.CopyOnWriteArrayList<String>();
    var _ = discovery.watch(event -> heard.add(event.what()), true);
    await(() -> discovery.online().online());
    assertThat(discovery.online().reason()).contains(other.self().brief());
    assertThat(discovery.look().sources())
        .filteredOn(look -> look.source().equals("bootstrap"))
        .singleElement()
        .satisfies(look -> assertThat(look.found()).isEqualTo(1));
    other.close();
    await(() -> !discovery.online().online());
    assertThat(discovery.online().reason()).contains("the last and is gone");
    assertThat(heard).contains("peer-down", "offline");
    assertThat(discovery.events())
        .extracting(Discovery.Event::what)
        .contains("peer-up", "online", "peer-down", "offline");
  }

  @Test
  void aSearchVisitsTheMeetingPlacesAndDialsWhoIsThere() {
    var other = join();
    var self = join();
    var discovery = discover(self);
    discovery.addMeetingPlace(
        new Discovery.MeetingPlace() {
          @Override
          public String name() {
            return "test";
          }

          @Override
          public List<dev.cis.kernel.identity.Signed<dev.cis.transport.PeerRecord>> visit(
              Duration within) {
            return List.of(self.record(), other.record());
          }
        });
    discovery.trigger("a test");
    await(() -> connected(self, other.self()));
    assertThat(discovery.look().lastReason()).isEqualTo("a test");
    assertThat(discovery.found()).extracting(Discovery.Found::source).containsOnly("rendezvous");
  }

  @Test
  void anOpenAnchorOfAnotherRealmIsKeptAndCountsAsOnline() {
    var key = KeyPair.generate(random);
    var anchor = join(key, realm(key, Admission.Strangers.SERVED));
    var own = KeyPair.generate(random);
    var self = join(own, realm(own, Admission.Strangers.REFUSED));
    var discovery = discover(self, at(anchor).toString());
    await(() -> discovery.online().online());
    assertThat(discovery.look().anchors()).containsExactly(anchor.self());
    assertThat(discovery.events()).extracting(Discovery.Event::what).contains("anchor-up");
    assertThat(self.members()).isEmpty();
    var atAnchor = discover(anchor);
    assertThat(atAnchor.look().anchors()).as("a guest is no anchor").isEmpty();
  }

  private static Realms realm(KeyPair key, Admission.Strangers strangers) {
    var access = new AccessConfig(List.of(), List.of(), true, strangers);
    var realms = Realms.inMemory(key, access, java.time.Instant::now);
    var _ = realms.create("lab");
    return realms;
  }

  private Swarm join(KeyPair key, Admission admission) {
    var description = new PeerDescription("", new TreeMap<>(), List.of(), List.of());
    var swarm =
        network.join(
            key, TransportConfig.DEFAULT, StoredPeerBook.inMemory(), description, admission);
    open.add(swarm);
    return swarm;
  }

  private Swarm join() {
    return join(KeyPair.generate(random), StoredPeerBook.inMemory());
  }

  private Swarm join(KeyPair key, PeerBook book) {
    var description = new PeerDescription("", new TreeMap<>(), List.of(), List.of());
    var swarm = network.join(key, TransportConfig.DEFAULT, book, description);
    open.add(swarm);
    return swarm;
  }

  private Discovery discover(Swarm swarm, String... bootstrap) {
    var list = List.of(bootstrap).stream().map(PeerLocator::parse).toList();
    var config = DiscoveryConfig.DEFAULT.withMdns(false).withBootstrap(list);
    var discovery = Discovery.create(swarm, config);
    open.add(discovery);
    discovery.start();
    return discovery;
  }

  private static Address at(Swarm swarm) {
    return swarm.localAddresses().getFirst();
  }

  private static boolean connected(Swarm swarm, NodeId node) {
    return swarm.link(node).isPresent();
  }

  private static void await(BooleanSupplier condition) {
    long until = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("within a minute").isLessThan(until);
      LockSupport.parkNanos(5_000_000);
    }
  }
}
