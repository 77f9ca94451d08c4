package dev.cis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.crdt.VersionVector;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sync.proto.Entry;
import dev.cis.sync.proto.EntryDraft;
import dev.cis.sync.proto.EntryStore;
import dev.cis.sync.proto.Signatures;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteStoreTest {
  private static final KeyPair KEY = KeyPair.ofSeed(new byte[32]);

  @TempDir Path directory;

  private static SqliteStore open(Path file, KeyPair key) {
    return SqliteStore.open(file, key.nodeId(), Signatures.of(key), 10, slots -> {});
  }

  private static EntryDraft draft(String key, String value) {
    return new EntryDraft("", "general", key, Bytes.utf8(value), Bytes.EMPTY, false);
  }

  private static Tables.Made put(SqliteStore store, String key, String value) {
    return store.write(Memory.Domain.PUBLIC, draft(key, value), Instant.now()).orElseThrow();
  }

  private static Entry entry(Tables.Made made) {
    return java.util.Objects.requireNonNull(made.entry());
  }

  @Test
  void whatWasWrittenIsThereAfterReopeningAndSequencesGoOn() {
    var file = directory.resolve("memory.db");
    Entry first;
    try (var store = open(file, KEY)) {
      first = entry(put(store, "a", "1"));
      var secret = draft("a", "private");
      assertThat(store.write(Memory.Domain.PRIVATE, secret, Instant.now())).isPresent();
    }
    try (var store = open(file, KEY)) {
      var item = store.get(Memory.Domain.PUBLIC, "a").orElseThrow().item();
      assertThat(item.value().utf8()).isEqualTo("1");
      assertThat(item.clock()).containsEntry(KEY.nodeId(), item.sequence());
      // A clock that has gone back an hour does not take ours back.
      var back = Instant.now().minusSeconds(3600);
      var next = entry(store.write(Memory.Domain.PUBLIC, draft("a", "2"), back).orElseThrow());
      assertThat(next.body().sequence()).isEqualTo(first.body().sequence() + 1);
      assertThat(next.body().time()).isGreaterThan(first.body().time());
      assertThat(store.get(Memory.Domain.PRIVATE, "a").orElseThrow().body().value().utf8())
          .isEqualTo("private");
      assertThat(store.changedAfter(0, 100))
          .extracting(s -> s.entry().body().key())
          .containsExactly("a");
      assertThat(store.seen().size()).isEqualTo(2);
    }
  }

  @Test
  void concurrentWritesResolveEquallyAndTheLoserIsLogged() {
    var other = KeyPair.ofSeed(Bytes.utf8("0123456789abcdef0123456789abcdef").toByteArray());
    try (var left = open(directory.resolve("l.db"), KEY);
        var right = open(directory.resolve("r.db"), other)) {
      var one = entry(put(left, "k", "left"));
      var two = entry(put(right, "k", "right"));
      left.commit(changes(two), Instant.now());
      right.commit(changes(one), Instant.now());
      assertThat(left.get(Memory.Domain.PUBLIC, "k").orElseThrow().body())
          .isEqualTo(right.get(Memory.Domain.PUBLIC, "k").orElseThrow().body());
      assertThat(left.conflicts(5)).hasSize(1);
      assertThat(right.conflicts(5)).hasSize(1);
      assertThat(left.counts()).containsExactly(1, 0, 1);
      // A write that knows of both is no conflict, and repeats change nothing.
      var three = entry(put(left, "k", "both"));
      right.commit(changes(three), Instant.now());
      right.commit(changes(two), Instant.now());
      assertThat(right.get(Memory.Domain.PUBLIC, "k").orElseThrow().body().value().utf8())
          .isEqualTo("both");
      assertThat(right.conflicts(5)).hasSize(1);
    }
  }

  private static EntryStore.Changes changes(Entry entry) {
    return new EntryStore.Changes(List.of(entry), List.of(), VersionVector.EMPTY);
  }

  @Test
  void anExpelledEntryIsGoneAndWithheldAndWhatItReplacedIsAskedForAgain() {
    try (var store = open(directory.resolve("memory.db"), KEY)) {
      var kept = entry(put(store, "deploy/y", "kept"));
      var good = entry(put(store, "deploy/x", "good"));
      var bad = entry(put(store, "deploy/x", "bad"));
      assertThat(store.expel("deploy/", item -> item.value().utf8().equals("bad"))).isEqualTo(1);
      assertThat(store.get(Memory.Domain.PUBLIC, "deploy/x")).isEmpty();
      assertThat(store.withheld().contains(bad.dot())).isTrue();
      assertThat(store.seen().contains(bad.dot())).isTrue();
      assertThat(store.seen().contains(kept.dot())).isTrue();
      assertThat(store.seen().contains(good.dot())).isFalse();
      // A peer without the bad one still has the good one and sends it.
      assertThat(store.commit(changes(good), Instant.now())).isEqualTo(1);
      assertThat(store.get(Memory.Domain.PUBLIC, "deploy/x").orElseThrow().body().value().utf8())
          .isEqualTo("good");
      // No dot is given to two writes.
      assertThat(entry(put(store, "z", "1")).body().sequence())
          .isEqualTo(bad.body().sequence() + 1);
    }
  }

  @Test
  void aJobThatFailsDoesNotTakeTheOthersOfItsGroupWithIt() throws Exception {
    try (var store = open(directory.resolve("memory.db"), KEY);
        var pool = Executors.newVirtualThreadPerTaskExecutor()) {
      put(store, "guarded", "v");
      var begun = new CountDownLatch(1);
      var release = new CountDownLatch(1);
      var blocker =
          pool.submit(() ->
              store.expel(
                  "guarded",
                  item -> {
                    begun.countDown();
                    try {
                      return !release.await(60, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                      return false;
                    }
                  }));
      begun.await();
      var queued = new ArrayList<Thread>();
      var results = new ConcurrentHashMap<String, String>();
      for (int i = 0; i < 20; i++) {
        var key = "k" + i;
        boolean bad = i == 7;
        queued.add(
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    if (bad) {
                      store.expel(
                          "guarded",
                          item -> {
                            throw new IllegalStateException("bad guard");
                          });
                    } else {
                      put(store, key, "v");
                    }
                    results.put(key, "ok");
                  } catch (Fault e) {
                    results.put(key, String.valueOf(e.getMessage()));
                  }
                }));
      }
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (queued.stream().anyMatch(t -> t.getState() != Thread.State.WAITING)) {
        assertThat(System.nanoTime()).as("all wait for the writer").isLessThan(deadline);
        Thread.onSpinWait();
      }
      release.countDown();
      assertThat(blocker.get(30, TimeUnit.SECONDS)).isZero();
      for (var thread : queued) {
        thread.join();
      }
      assertThat(results.remove("k7")).contains("bad guard");
      assertThat(results)
          .hasSize(19)
          .allSatisfy((key, result) -> {
            assertThat(result).isEqualTo("ok");
            assertThat(store.get(Memory.Domain.PUBLIC, key)).isPresent();
          });
      var sequences =
          results.keySet().stream()
              .map(key -> store.get(Memory.Domain.PUBLIC, key).orElseThrow().body().sequence())
              .toList();
      assertThat(sequences).doesNotHaveDuplicates();
    }
  }

  @Test
  void aDatabaseOfANewerVersionIsRefusedByNameAndLeftAsItIs() throws Exception {
    var file = directory.resolve("memory.db");
    try (var store = open(file, KEY)) {
      put(store, "a", "1");
    }
    try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        var statement = connection.createStatement()) {
      statement.execute("PRAGMA user_version = 99");
    }
    assertThatThrownBy(() -> open(file, KEY))
        .isInstanceOfSatisfying(
            Fault.class, f -> assertThat(f.code()).isEqualTo(SyncCode.NEWER_SCHEMA))
        .hasMessageContaining(file.toString())
        .hasMessageContaining("99")
        .hasMessageContaining("use the newer cis");
    try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        var statement = connection.createStatement()) {
      statement.execute("PRAGMA user_version = " + Schema.VERSION);
    }
    try (var store = open(file, KEY)) {
      assertThat(store.get(Memory.Domain.PUBLIC, "a")).isPresent();
    }
  }

  @Test
  void aSecondOwnerAndADamagedFileAreRefusedByName() throws IOException {
    var file = directory.resolve("memory.db");
    try (var store = open(file, KEY)) {
      assertThat(store.newest()).isZero();
      assertThatThrownBy(() -> open(file, KEY))
          .isInstanceOfSatisfying(Fault.class, f -> assertThat(f.code()).isEqualTo(SyncCode.LOCKED))
          .hasMessageContaining(file.toString());
    }
    var broken = directory.resolve("broken.db");
    Files.writeString(broken, "this is not a database, it is a text file ".repeat(200));
    assertThatThrownBy(() -> open(broken, KEY))
        .isInstanceOfSatisfying(Fault.class, f -> assertThat(f.code()).isEqualTo(SyncCode.CORRUPT))
        .hasMessageContaining(broken.toString());
  }

  @Test
  void manyWritersShareTheCostOfReachingTheDisk() throws Exception {
    try (var store = open(directory.resolve("memory.db"), KEY);
        var pool = Executors.newVirtualThreadPerTaskExecutor()) {
      long alone = System.nanoTime();
      for (int i = 0; i < 100; i++) {
        put(store, "alone" + i, "v");
      }
      alone = System.nanoTime() - alone;
      var next = new AtomicInteger();
      long together = System.nanoTime();
      var writers = new java.util.ArrayList<java.util.concurrent.Future<?>>();
      for (int w = 0; w < 64; w++) {
        writers.add(
            pool.submit(() -> {
              for (int i = 0; i < 20; i++) {
                put(store, "many" + next.incrementAndGet(), "v");
              }
            }));
      }
      for (var writer : writers) {
        writer.get();
      }
      together = System.nanoTime() - together;
      System.out.printf(
          "puts per second: one writer %d, 64 writers %d%n",
          100_000_000_000L / alone, 1_280_000_000_000L / together);
      assertThat(store.counts()[0]).isEqualTo(1380);
    }
  }

  /** What the child process does: writes until it is killed, saying what was acknowledged. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) {
      try (var store = open(Path.of(args[0]), KEY)) {
        for (int i = 0; ; i++) {
          var key = args[1] + "-" + i;
          System.out.println(key + " " + entry(put(store, key, key)).body().sequence());
        }
      }
    }
  }

  @Test
  void whatWasAcknowledgedSurvivesKillMinusNine() throws IOException {
    var file = directory.resolve("memory.db");
    Map<String, Long> acknowledged = new HashMap<>();
    for (int round = 0; round < 3; round++) {
      var process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Child.class.getName(),
                  file.toString(),
                  "round" + round)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      try (var lines =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        int read = 0;
        for (var line = lines.readLine(); line != null; line = lines.readLine()) {
          int space = line.indexOf(' ');
          if (space > 0 && line.matches("round\\d+-\\d+ \\d{10,}")) {
            acknowledged.put(line.substring(0, space), Long.parseLong(line.substring(space + 1)));
          }
          if (++read == 200 + 37 * round) {
            assertThat(process.toHandle().destroyForcibly())
                .isTrue(); // leaves the pipe open to read on
          }
        }
      }
    }
    assertThat(acknowledged).hasSizeGreaterThan(600);
    assertThat(new HashSet<>(acknowledged.values())).hasSameSizeAs(acknowledged.keySet());
    try (var store = open(file, KEY)) {
      acknowledged.forEach((key, sequence) -> {
        var slot = store.get(Memory.Domain.PUBLIC, key).orElseThrow();
        assertThat(slot.body().sequence()).isEqualTo(sequence);
      });
    }
  }
}
