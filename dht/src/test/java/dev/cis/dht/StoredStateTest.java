package dev.cis.dht;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.dht.proto.Item;
import dev.cis.dht.proto.Kept;
import dev.cis.dht.proto.MutableValue;
import dev.cis.dht.proto.Provision;
import dev.cis.dht.proto.Publication;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.Address;
import dev.cis.transport.PeerRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredStateTest {
  private static final Item VALUE = new Item.Immutable(Bytes.utf8("kept"));
  private static final StoredState.State STATE =
      new StoredState.State(
          List.of(record(1), record(2), record(3)),
          List.of(
              new Kept(VALUE, "0a0000", Instant.parse("2030-01-01T00:00:00Z")),
              new Kept(provider(4), "0b0000", Instant.parse("2030-01-01T00:00:00Z"))),
          List.of(
              new Publication.Provided(record(1).value().node()),
              new Publication.Value(VALUE),
              new Publication.Value(
                  new Item.Mutable(
                      new MutableValue(Bytes.utf8("salt"), 7, Bytes.utf8("mine")).sign(key(5))))));

  private static KeyPair key(int seed) {
    return KeyPair.generate(new SplittableRandom(seed));
  }

  private static Item provider(int seed) {
    var node = key(seed).nodeId();
    return new Item.Provider(
        new Provision(VALUE.key(), node, 1, Instant.parse("2030-01-01T00:00:00Z")).sign(key(seed)),
        record(seed));
  }

  private static Signed<PeerRecord> record(int seed) {
    var key = key(seed);
    return new PeerRecord(
            key.nodeId(),
            1,
            List.of(new Address("10.0.0." + seed, 7677)),
            List.of(),
            "n" + seed,
            new TreeMap<>(),
            List.of(),
            List.of(),
            Instant.parse("2030-01-01T00:00:00Z"))
        .sign(key);
  }

  @Test
  void theStateSurvivesARestart(@TempDir Path folder) {
    var file = folder.resolve("dht.table");
    new StoredState(file).save(StoredState.State.EMPTY);
    new StoredState(file).save(STATE);
    assertThat(new StoredState(file).load()).isEqualTo(STATE);
    assertThat(folder.toFile().list()).containsExactly("dht.table");
  }

  @Test
  void withoutAFileThereIsNothing(@TempDir Path folder) {
    assertThat(new StoredState(folder.resolve("dht.table")).load())
        .isEqualTo(StoredState.State.EMPTY);
  }

  @Test
  void aCorruptFileIsSetAsideAndTheNodeStarts(@TempDir Path folder) throws IOException {
    var file = folder.resolve("dht.table");
    new StoredState(file).save(STATE);
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    assertThat(new StoredState(file).load()).isEqualTo(StoredState.State.EMPTY);
    assertThat(folder.resolve("dht.table.corrupt")).hasBinaryContent(bytes);
    assertThat(file).doesNotExist();
  }

  @Property(tries = 1000)
  void mutatedFilesGiveRecordsOrFaults(@ForAll long seed) {
    var random = new SplittableRandom(seed);
    byte[] bytes = StoredState.CODEC.encode(STATE);
    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    try {
      assertThat(StoredState.CODEC.decode(bytes)).isNotNull();
    } catch (Fault e) {
      assertThat(e.code()).isNotNull();
    }
  }
}
