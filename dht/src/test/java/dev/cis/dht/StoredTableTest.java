package dev.cis.dht;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.Signed;
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

class StoredTableTest {
  private static final List<Signed<PeerRecord>> RECORDS = List.of(record(1), record(2), record(3));

  private static Signed<PeerRecord> record(int seed) {
    var key = KeyPair.generate(new SplittableRandom(seed));
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
  void theTableSurvivesARestart(@TempDir Path folder) {
    var file = folder.resolve("dht.table");
    new StoredTable(file).save(List.of(RECORDS.getFirst()));
    new StoredTable(file).save(RECORDS);
    assertThat(new StoredTable(file).load()).isEqualTo(RECORDS);
    assertThat(folder.toFile().list()).containsExactly("dht.table");
  }

  @Test
  void withoutAFileThereIsNobody(@TempDir Path folder) {
    assertThat(new StoredTable(folder.resolve("dht.table")).load()).isEmpty();
  }

  @Test
  void aCorruptFileIsSetAsideAndTheNodeStarts(@TempDir Path folder) throws IOException {
    var file = folder.resolve("dht.table");
    new StoredTable(file).save(RECORDS);
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    assertThat(new StoredTable(file).load()).isEmpty();
    assertThat(folder.resolve("dht.table.corrupt")).hasBinaryContent(bytes);
    assertThat(file).doesNotExist();
  }

  @Property(tries = 1000)
  void mutatedFilesGiveRecordsOrFaults(@ForAll long seed) {
    var random = new SplittableRandom(seed);
    byte[] bytes = StoredTable.CODEC.encode(RECORDS);
    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    try {
      assertThat(StoredTable.CODEC.decode(bytes)).isNotNull();
    } catch (Fault e) {
      assertThat(e.code()).isNotNull();
    }
  }
}
