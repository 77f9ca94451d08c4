package dev.cis.sync.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.crdt.Dot;
import dev.cis.crdt.HybridTime;
import dev.cis.crdt.Ranges;
import dev.cis.crdt.VectorClock;
import dev.cis.crdt.VersionVector;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SyncVectorsTest {
  private static final KeyPair KEY = KeyPair.ofSeed(new byte[32]);
  private static final Signatures SIGNATURES = Signatures.of(KEY);
  private static final NodeId OTHER = NodeId.of(new byte[NodeId.BYTES]);
  private static final HybridTime TIME =
      HybridTime.of(Instant.parse("2026-11-21T00:00:00Z").toEpochMilli(), 3);

  private static final Entry PUT = entry(7, Bytes.utf8("hello"), Bytes.utf8("12345678"), false);
  private static final Entry TOMBSTONE = entry(8, Bytes.EMPTY, Bytes.EMPTY, true);
  private static final VersionVector TOLD =
      VersionVector.of(
          Map.of(
              OTHER,
              Ranges.of(1, 300),
              KEY.nodeId(),
              Ranges.of(2, 2).union(Ranges.of(5, 8)).union(Ranges.of(1000, 1000))));
  private static final Fingerprint PRINT = new Fingerprint(40, -1, 258);
  private static final EntryStore.Listed LISTED =
      new EntryStore.Listed(Entry.position("greeting"), PUT.fingerprint());

  private static Entry entry(long sequence, Bytes value, Bytes vector, boolean deleted) {
    var clock = VectorClock.of(new TreeMap<>(Map.of(OTHER, 4L))).with(new Dot(KEY.nodeId(), 7));
    var known = sequence == 7 ? clock : clock.with(new Dot(KEY.nodeId(), sequence));
    return Entry.sign(
        new EntryBody(
            "",
            deleted ? "" : "general",
            "greeting",
            EntryBody.REGISTER,
            value,
            vector,
            KEY.nodeId(),
            TIME,
            sequence,
            known,
            deleted),
        SIGNATURES);
  }

  private static Map<String, SyncMessage> messages() {
    var all = new LinkedHashMap<String, SyncMessage>();
    all.put("hello", new SyncMessage.Hello(9, 0, false, TOLD));
    all.put("hello-full", new SyncMessage.Hello(-1, 0, true, VersionVector.EMPTY));
    all.put("welcome", new SyncMessage.Welcome(9, 0, TOLD, VersionVector.EMPTY));
    all.put("welcome-full", new SyncMessage.Welcome(-1, 0, VersionVector.EMPTY, TOLD));
    all.put("pull", new SyncMessage.Pull(9, 1));
    all.put("batch", new SyncMessage.Batch(9, 1, List.of(PUT, TOMBSTONE), 0, true, TOLD));
    all.put(
        "batch-of-wanted",
        new SyncMessage.Batch(-1, 3, List.of(PUT), 1, false, VersionVector.EMPTY));
    all.put("give", new SyncMessage.Give(9, 2, List.of(PUT), true, TOLD));
    all.put("took", new SyncMessage.Took(9, 2, true));
    all.put("took-not-all", new SyncMessage.Took(9, 2, false));
    all.put(
        "compare",
        new SyncMessage.Compare(
            -1,
            1,
            List.of(
                new SyncMessage.Print(Span.ALL, PRINT),
                new SyncMessage.Print(new Span(0xab, 2), Fingerprint.EMPTY))));
    all.put(
        "compared",
        new SyncMessage.Compared(
            -1,
            1,
            List.of(
                new SyncMessage.Split(Span.ALL, Collections.nCopies(Span.WAYS, PRINT)),
                new SyncMessage.Listing(new Span(0xab, 2), List.of(LISTED)))));
    all.put("want", new SyncMessage.Want(-1, 2, List.of(LISTED.position(), 0L, -1L)));
    all.put("refused", new SyncMessage.Refused(9, 1, "no"));
    return all;
  }

  /** Checks that it comes back as it was, too. */
  private static <T> String line(String name, Codec<T> codec, T value) {
    byte[] bytes = codec.encode(value);
    assertThat(codec.decode(bytes)).as(name).isEqualTo(value);
    return name + " " + Bytes.of(bytes).hex();
  }

  @Test
  void theBytesAreThoseOfTheGoldenVectorsAndComeBackAsTheyWere() throws IOException {
    var lines = new ArrayList<String>();
    lines.add("ranges " + Bytes.of(RangesCodec.encode(TOLD.of(KEY.nodeId()))).hex());
    lines.add(line("version-vector", VersionCodec.CODEC, TOLD));
    lines.add(line("entry-body", EntryBody.CODEC, PUT.body()));
    lines.add(line("entry", Entry.CODEC, PUT));
    lines.add(line("entry-tombstone", Entry.CODEC, TOMBSTONE));
    lines.add("position " + String.format("%016x", LISTED.position()));
    lines.add(
        String.format("fingerprint %016x%016x", PUT.fingerprint().high(), PUT.fingerprint().low()));
    lines.add(line("push", Push.CODEC, new Push(List.of(PUT, TOMBSTONE))));
    messages().forEach((name, message) -> lines.add(line(name, SyncMessage.CODEC, message)));
    var file = Path.of(System.getProperty("cis.root"), "docs/reference/vectors/sync.txt");
    assertThat(Files.readAllLines(file).stream().filter(line -> !line.startsWith("#")))
        .containsExactlyElementsOf(lines);
  }

  @Test
  void everyKindOfMessageHasAVector() {
    assertThat(messages().values().stream().map(Object::getClass).distinct())
        .containsExactlyInAnyOrder(
            SyncMessage.Hello.class,
            SyncMessage.Welcome.class,
            SyncMessage.Pull.class,
            SyncMessage.Batch.class,
            SyncMessage.Give.class,
            SyncMessage.Took.class,
            SyncMessage.Compare.class,
            SyncMessage.Compared.class,
            SyncMessage.Want.class,
            SyncMessage.Refused.class);
  }

  @Test
  void theSignedEntriesAreGenuine() {
    assertThat(List.of(PUT, TOMBSTONE)).allMatch(SIGNATURES::isGenuine);
  }
}
