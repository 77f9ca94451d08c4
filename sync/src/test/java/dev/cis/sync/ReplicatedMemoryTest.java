package dev.cis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.gossip.Gossip;
import dev.cis.gossip.GossipConfig;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.time.Uptime;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.Admission;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.memory.MemoryNetwork;
import dev.cis.transport.realm.AccessConfig;
import dev.cis.transport.realm.Realms;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ReplicatedMemoryTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  @TempDir Path directory;

  private final MemoryNetwork network = new MemoryNetwork();

  private record Peer(KeyPair key, Swarm swarm, Gossip gossip, ReplicatedMemory replicated)
      implements AutoCloseable {
    Memory memory() {
      return replicated.memory();
    }

    @Override
    public void close() {
      replicated.close();
      gossip.close();
      swarm.close();
    }
  }

  private Peer start(String name, KeyPair key) {
    return start(name, key, Duration.ZERO);
  }

  /** A peer whose clock is ahead of the machine's. */
  private Peer start(String name, KeyPair key, Duration ahead) {
    return start(name, key, ahead, Admission.OPEN);
  }

  private Peer start(String name, KeyPair key, Duration ahead, Admission admission) {
    var description = new PeerDescription(name, new TreeMap<>(), List.of(), List.of());
    var swarm =
        network.join(
            key, TransportConfig.DEFAULT, StoredPeerBook.inMemory(), description, admission);
    var gossip = Gossip.start(key, swarm, GossipConfig.DEFAULT);
    var replicated =
        ReplicatedMemory.open(
            directory.resolve(name + ".db"),
            key,
            swarm,
            gossip,
            SyncConfig.DEFAULT,
            () -> {
              var now = Uptime.CLOCK.now();
              return new Now(now.uptime(), now.wall().plus(ahead));
            });
    return new Peer(key, swarm, gossip, replicated);
  }

  private Peer start(String name) {
    return start(name, KeyPair.generate(new SecureRandom()));
  }

  private static void connect(Peer from, Peer to) {
    from.swarm.connect(to.swarm.localAddresses().getFirst(), LONG);
  }

  /** Waits until a key has the value, or is gone when the value is null. */
  private static void awaitValue(
      Peer peer, String key, @org.jspecify.annotations.Nullable String value) throws Exception {
    var there = new CountDownLatch(1);
    Runnable look =
        () -> {
          var item = peer.memory().get(Memory.Domain.PUBLIC, key);
          if (item.map(i -> i.value().utf8()).equals(java.util.Optional.ofNullable(value))) {
            there.countDown();
          }
        };
    try (var _ = peer.memory().watch(Memory.Domain.PUBLIC, key, _ -> look.run())) {
      look.run();
      assertThat(there.await(LONG.toSeconds(), TimeUnit.SECONDS)).as("%s=%s", key, value).isTrue();
    }
  }

  private static void put(Peer peer, String key, String value) {
    peer.memory()
        .put(Memory.Domain.PUBLIC, "general", key, Bytes.utf8(value), Embedding.of(1f, 2f));
  }

  @Test
  void whatADeniedNodeWroteIsNotTakenFromSomebodyElseEither() throws Exception {
    try (var denied = start("denied");
        var middle = start("middle")) {
      var key = KeyPair.generate(new SecureRandom());
      var access = new AccessConfig(List.of(), List.of(denied.key.nodeId().toString()));
      var realms = Realms.inMemory(key, access, () -> Uptime.CLOCK.now().wall());
      realms.enterOpenRealm();
      connect(denied, middle);
      put(denied, "bad", "1");
      awaitValue(middle, "bad", "1");
      put(middle, "good", "1");
      try (var strict = start("strict", key, Duration.ZERO, realms)) {
        connect(strict, middle);
        awaitValue(strict, "good", "1");
        var exchange = strict.replicated.sync().with(middle.swarm.self(), true, LONG);
        assertThat(exchange.failure()).isNull();
        assertThat(strict.memory().get(Memory.Domain.PUBLIC, "bad")).isEmpty();
        assertThat(strict.replicated.sync().status().refused()).isPositive();
        // It counts as seen, so it is not sent again and again.
        var again = strict.replicated.sync().with(middle.swarm.self(), false, LONG);
        assertThat(again.received()).isZero();
      }
    }
  }

  @Test
  void whatOneWritesTheOthersReadAndWhatOneDeletesIsGoneEverywhere() throws Exception {
    try (var a = start("a");
        var b = start("b");
        var c = start("c")) {
      connect(a, b);
      connect(b, c);
      a.memory().put(Memory.Domain.PRIVATE, "general", "secret", Bytes.utf8("s"), null);
      put(a, "greeting", "hello");
      awaitValue(b, "greeting", "hello");
      awaitValue(c, "greeting", "hello");
      assertThat(c.memory().get(Memory.Domain.PUBLIC, "greeting").orElseThrow().vector())
          .isEqualTo(Embedding.of(1f, 2f));
      c.memory().delete(Memory.Domain.PUBLIC, "greeting");
      awaitValue(a, "greeting", null);
      awaitValue(b, "greeting", null);
      assertThat(b.memory().get(Memory.Domain.PRIVATE, "secret")).isEmpty();
      assertThat(b.memory().get(Memory.Domain.PUBLIC, "secret")).isEmpty();
      assertThat(a.replicated.sync().status().tombstones()).isEqualTo(1);
    }
  }

  @Test
  void closingAWatchDoesNotInterruptTheCallbackUnderWay() throws Exception {
    try (var a = start("a")) {
      var entered = new CountDownLatch(1);
      var closed = new CountDownLatch(1);
      var interrupted = new java.util.concurrent.CompletableFuture<Boolean>();
      var watch =
          a.memory()
              .watch(
                  Memory.Domain.PUBLIC,
                  "k",
                  _ -> {
                    entered.countDown();
                    try {
                      closed.await();
                      interrupted.complete(Thread.currentThread().isInterrupted());
                    } catch (InterruptedException e) {
                      interrupted.complete(true);
                    }
                  });
      put(a, "k", "v");
      assertThat(entered.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
      watch.close();
      closed.countDown();
      assertThat(interrupted.get(LONG.toSeconds(), TimeUnit.SECONDS)).isFalse();
    }
  }

  @Test
  void aNodeThatWasAwayCatchesUpAndKeepsItsOwn() throws Exception {
    var key = KeyPair.generate(new SecureRandom());
    try (var a = start("a")) {
      try (var b = start("b", key)) {
        put(b, "mine", "before");
      }
      for (int i = 0; i < 300; i++) {
        put(a, "k" + i, "v" + i);
      }
      try (var b = start("b", key)) {
        connect(b, a);
        var exchange = b.replicated.sync().with(a.key.nodeId(), false, LONG);
        assertThat(exchange.failure()).isNull();
        awaitValue(b, "k299", "v299");
        awaitValue(a, "mine", "before");
        var full = b.replicated.sync().with(a.key.nodeId(), true, LONG);
        assertThat(full.failure()).isNull();
        assertThat(full.received()).isZero();
        assertThat(full.bytesReceived()).isPositive();
        assertThat(b.replicated.sync().status().live()).isEqualTo(301);
      }
    }
  }

  @Test
  void onlyANodeItselfWritesItsKeysAndGuardsAreAsked() {
    try (var a = start("a")) {
      put(a, "node/" + a.key.nodeId() + "/info", "{}");
      var foreign = "node/" + KeyPair.generate(new SecureRandom()).nodeId() + "/info";
      assertThatThrownBy(() -> put(a, foreign, "{}"))
          .isInstanceOfSatisfying(
              Fault.class, f -> assertThat(f.code()).isEqualTo(SyncCode.REFUSED));
      put(a, "deploy/old", "bad");
      a.memory().guard("deploy/", (_, _, _, _) -> "never");
      assertThat(a.memory().get(Memory.Domain.PUBLIC, "deploy/old")).isEmpty();
      assertThatThrownBy(() -> put(a, "deploy/x", "1")).hasMessageContaining("never");
    }
  }

  @Test
  void aFullExchangeBringsBackWhatAWrongVersionVectorHides() throws Exception {
    var key = KeyPair.generate(new SecureRandom());
    try (var a = start("a")) {
      for (int i = 0; i < 100; i++) {
        put(a, "k" + i, "v" + i);
      }
      try (var b = start("b", key)) {
        connect(b, a);
        assertThat(b.replicated.sync().with(a.key.nodeId(), false, LONG).failure()).isNull();
        assertThat(b.replicated.sync().status().live()).isEqualTo(100);
      }
      // The entries go, the claim to have seen them stays.
      var url = "jdbc:sqlite:" + directory.resolve("b.db");
      try (var connection = DriverManager.getConnection(url);
          var statement = connection.createStatement()) {
        assertThat(statement.executeUpdate("DELETE FROM items WHERE key LIKE 'k1%'")).isEqualTo(11);
      }
      try (var b = start("b", key)) {
        connect(b, a);
        var plain = b.replicated.sync().with(a.key.nodeId(), false, LONG);
        assertThat(plain.failure()).isNull();
        assertThat(plain.received()).isZero();
        assertThat(b.memory().get(Memory.Domain.PUBLIC, "k17")).isEmpty();
        var full = b.replicated.sync().with(a.key.nodeId(), true, LONG);
        assertThat(full.failure()).isNull();
        assertThat(full.received()).isEqualTo(11);
        awaitValue(b, "k17", "v17");
        assertThat(b.replicated.sync().status().live()).isEqualTo(100);
      }
    }
  }

  @Test
  void aConcurrentWriteThatLosesIsInTheConflictLogOfANodeThatHeldIt() {
    // Two writes within one millisecond are a tie that the node ids decide, so b's clock is ahead.
    try (var a = start("a");
        var b = start("b", KeyPair.generate(new SecureRandom()), Duration.ofSeconds(1))) {
      put(a, "k", "earlier");
      put(b, "k", "later");
      connect(a, b);
      assertThat(a.replicated.sync().with(b.key.nodeId(), false, LONG).failure()).isNull();
      for (var peer : List.of(a, b)) {
        var item = peer.memory().get(Memory.Domain.PUBLIC, "k").orElseThrow();
        assertThat(item.value().utf8()).isEqualTo("later");
      }
      var conflict = a.memory().conflicts(10).getFirst();
      assertThat(conflict.loser().value().utf8()).isEqualTo("earlier");
      assertThat(conflict.loser().author()).isEqualTo(a.key.nodeId());
      assertThat(conflict.winner()).isEqualTo(b.key.nodeId());
      assertThat(a.replicated.sync().status().conflicts()).isEqualTo(1);
    }
  }
}
