package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredPeerBookTest {
  private static final Address HERE = Address.parse("192.0.2.1:7677");
  private static final Address THERE = Address.parse("192.0.2.2:7677");

  @TempDir Path directory = Path.of(".");

  private static KeyPair key(int seed) {
    return KeyPair.generate(new SplittableRandom(seed));
  }

  private static NodeId node(int number) {
    byte[] id = new byte[NodeId.BYTES];
    id[0] = (byte) (number >> 16);
    id[1] = (byte) (number >> 8);
    id[2] = (byte) number;
    return NodeId.of(id);
  }

  private static Signed<PeerRecord> record(KeyPair key, long sequence, String name, Instant until) {
    return new PeerRecord(
            key.nodeId(),
            sequence,
            List.of(HERE),
            List.of(),
            name,
            new TreeMap<>(),
            List.of(),
            List.of(),
            until)
        .sign(key);
  }

  private static final Instant LATER = Instant.parse("2100-01-01T00:00:00Z");

  @Test
  void theBookSurvivesARestart() {
    var file = directory.resolve("peers.db");
    var key = key(1);
    try (var book = StoredPeerBook.open(file)) {
      assertThat(book.add(record(key, 5, "beta", LATER))).isTrue();
      book.addManual(node(7), THERE, "gamma");
      book.succeeded(node(7), THERE);
      book.failed(key.nodeId(), HERE, "no answer");
    }
    try (var book = StoredPeerBook.open(file)) {
      assertThat(book.entries()).hasSize(2);
      var beta = book.find(key.nodeId()).orElseThrow();
      assertThat(beta.displayName()).isEqualTo("beta");
      assertThat(beta.addresses().getFirst().failure()).isEqualTo("no answer");
      var gamma = book.find(node(7)).orElseThrow();
      assertThat(gamma.manual()).isTrue();
      assertThat(gamma.addresses().getFirst().lastSuccess()).isNotNull();
      assertThat(book.matching("did:cis:gamma")).containsExactly(gamma);
      assertThat(book.remove(node(7))).isTrue();
      assertThat(book.remove(node(7))).isFalse();
    }
    try (var book = StoredPeerBook.open(file)) {
      assertThat(book.find(node(7))).isEmpty();
    }
  }

  @Test
  void aDamagedFileIsSetAside() throws Exception {
    var file = directory.resolve("peers.db");
    Files.writeString(file, "this is no address book");
    try (var book = StoredPeerBook.open(file)) {
      assertThat(book.entries()).isEmpty();
      assertThat(directory.resolve("peers.db.damaged")).hasContent("this is no address book");
      book.suggest(node(1), HERE, "test");
    }
    try (var book = StoredPeerBook.open(file)) {
      assertThat(book.entries()).hasSize(1);
    }
  }

  @Test
  void ofTwoRecordsTheHigherSequenceWinsAndAnExpiredOneIsNothing() {
    var key = key(1);
    try (var book = StoredPeerBook.inMemory()) {
      assertThat(book.add(record(key, 5, "five", LATER))).isTrue();
      assertThat(book.add(record(key, 4, "four", LATER))).isFalse();
      assertThat(book.add(record(key, 5, "again", LATER))).isFalse();
      assertThat(book.add(record(key, 9, "nine", Instant.EPOCH))).isFalse();
      assertThat(book.find(key.nodeId()).orElseThrow().displayName()).isEqualTo("five");
    }
  }

  @Test
  void anAliasBelongsToTheFirstKey() {
    try (var book = StoredPeerBook.inMemory()) {
      book.addManual(node(1), HERE, "printer");
      assertThatThrownBy(() -> book.addManual(node(2), THERE, "printer"))
          .isInstanceOfSatisfying(
              Fault.class, fault -> assertThat(fault.code()).isEqualTo(TransportCode.ALIAS_PINNED))
          .hasMessageContaining(node(1).toString())
          .hasMessageContaining(node(2).toString());
      assertThat(book.find(node(2))).isEmpty();
      book.remove(node(1));
      book.addManual(node(2), THERE, "printer");
      assertThat(book.matching("printer").getFirst().node()).isEqualTo(node(2));
    }
  }

  @Test
  void theMostPromisingAddressComesFirst() {
    try (var book = StoredPeerBook.inMemory()) {
      book.suggest(node(1), HERE, "mdns");
      book.suggest(node(1), THERE, "dht");
      book.failed(node(1), HERE, "no answer");
      assertThat(book.find(node(1)).orElseThrow().addresses().getFirst().address())
          .isEqualTo(THERE);
      book.succeeded(node(1), HERE);
      assertThat(book.find(node(1)).orElseThrow().addresses().getFirst().address()).isEqualTo(HERE);
    }
  }

  @Test
  void aPrefixFindsAllThatBeginSo() {
    var key = key(3);
    try (var book = StoredPeerBook.inMemory()) {
      book.add(record(key, 1, "delta", LATER));
      book.addManual(node(1), HERE, "delta2");
      assertThat(book.matching("delt")).hasSize(2);
      assertThat(book.matching("delta")).hasSize(1);
      assertThat(book.matching(key.nodeId().brief())).hasSize(1);
      assertThat(book.matching(key.nodeId().toString())).hasSize(1);
      assertThat(book.matching("")).isEmpty();
      assertThat(book.matching("nobody")).isEmpty();
    }
  }

  @Test
  void tenThousandPeersAreRememberedAndTheUsefulOnesStay() {
    try (var book = StoredPeerBook.inMemory()) {
      book.addManual(node(0), HERE, null);
      book.suggest(node(1), HERE, "test");
      book.succeeded(node(1), HERE);
      for (int i = 2; i < StoredPeerBook.MAX_PEERS + 10; i++) {
        book.suggest(node(i), THERE, "test");
      }
      assertThat(book.entries()).hasSize(StoredPeerBook.MAX_PEERS);
      assertThat(book.find(node(0))).isPresent();
      assertThat(book.find(node(1))).isPresent();
    }
  }
}
