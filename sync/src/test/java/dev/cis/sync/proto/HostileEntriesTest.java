package dev.cis.sync.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.crdt.Dot;
import dev.cis.crdt.VersionVector;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sim.Mutations;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class HostileEntriesTest {
  private static final KeyPair KEY = KeyPair.ofSeed(new byte[32]);
  private static final Signatures SIGNATURES = Signatures.of(KEY);
  private static final Instant WALL = Instant.parse("2026-11-21T00:00:00Z");

  private static Entry entry(Instant wall) {
    var draft = new EntryDraft("", "general", "k", Bytes.utf8("v"), Bytes.EMPTY, false);
    return new InMemoryStore(KEY.nodeId(), SIGNATURES).write(draft, wall);
  }

  private final InMemoryStore store = new InMemoryStore(KEY.nodeId(), SIGNATURES);
  private final Intake intake = new Intake("", store, SIGNATURES, Admission.BASIC);

  private Intake.Taken take(Entry entry, Instant wall) {
    var now = new Now(Duration.ZERO, wall);
    return intake.take(now, List.of(entry), VersionVector.EMPTY, false, o -> {});
  }

  @Test
  void aForgedOrTamperedEntryIsNotTakenNorItsDotBelieved() {
    var good = entry(WALL);
    var other = KeyPair.ofSeed(Bytes.utf8("0123456789abcdef0123456789abcdef").toByteArray());
    byte[] payload = good.payload().toByteArray();
    var forged = Entry.sign(good.body(), Signatures.of(other));
    byte[] signature = good.signature().toByteArray();
    signature[5] ^= 1;
    var tampered = Entry.of(payload, good.key().bytes(), signature);
    for (var bad : List.of(forged, tampered)) {
      assertThat(take(bad, WALL).genuine()).isFalse();
    }
    assertThat(store.seen().isEmpty()).isTrue();
    assertThat(take(good, WALL)).isEqualTo(new Intake.Taken(1, true));
  }

  @Test
  void anEntryFromTheFutureIsAskedForAgainWhenItsTimeHasCome() {
    var early = entry(WALL.plusSeconds(100));
    assertThat(take(early, WALL).news()).isZero();
    assertThat(intake.told(new Now(Duration.ZERO, WALL)).contains(early.dot())).isTrue();
    var later = WALL.plusSeconds(41);
    assertThat(intake.told(new Now(Duration.ZERO, later)).contains(early.dot())).isFalse();
    assertThat(take(early, later).news()).isEqualTo(1);
  }

  @Test
  void anOversizedValueIsRefused() {
    var value = Bytes.of(new byte[EntryBody.MAX_VALUE + 1]);
    var draft = new EntryDraft("", "general", "k", value, Bytes.EMPTY, false);
    assertThatThrownBy(() -> store.write(draft, WALL)).isInstanceOf(Fault.class);
  }

  @Property(tries = 2000)
  void onlyFaultsComeOutOfMutatedMessages(@ForAll long seed) {
    var random = new Random(seed);
    var told = VersionVector.EMPTY.with(entry(WALL).dot());
    byte[] bytes =
        SyncMessage.CODEC.encode(new SyncMessage.Batch(7, 3, List.of(entry(WALL)), 1, true, told));
    for (int i = 0; i <= random.nextInt(4); i++) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    try {
      assertThat(SyncMessage.CODEC.decode(bytes)).isNotNull();
    } catch (Fault expected) {
      assertThat(expected.getMessage()).isNotEmpty();
    }
  }

  @Test
  void decodersReadOrRefuseHundredsOfThousandsOfMutations() {
    var entry = entry(WALL);
    var told = VersionVector.EMPTY.with(entry.dot()).with(new Dot(KEY.nodeId(), 9));
    var print = new Fingerprint(3, -5, 7);
    var span = new Span(0, 0);
    var split = new SyncMessage.Split(span, Collections.nCopies(Span.WAYS, print));
    var listing = new SyncMessage.Listing(span, List.of(new EntryStore.Listed(-9, print)));
    var messages =
        List.of(
            new SyncMessage.Hello(1, 0, true, told),
            new SyncMessage.Welcome(1, 0, told, told),
            new SyncMessage.Pull(2, 1),
            new SyncMessage.Batch(7, 3, List.of(entry), 1, true, told),
            new SyncMessage.Give(8, 2, List.of(entry), true, told),
            new SyncMessage.Took(8, 2, true),
            new SyncMessage.Compare(9, 4, List.of(new SyncMessage.Print(span, print))),
            new SyncMessage.Compared(9, 4, List.of(split, listing)),
            new SyncMessage.Want(9, 5, List.of(-1L, 5L)),
            new SyncMessage.Refused(9, 6, "not now"));
    var frames = new ArrayList<byte[]>();
    messages.forEach(message -> frames.add(SyncMessage.CODEC.encode(message)));
    frames.add(Push.CODEC.encode(new Push(List.of(entry, entry))));
    frames.add(EntryBody.CODEC.encode(entry.body()));
    frames.add(VersionCodec.CODEC.encode(told));
    frames.add(RangesCodec.encode(told.of(KEY.nodeId())));
    var codecs = List.of(SyncMessage.CODEC, Push.CODEC, EntryBody.CODEC, VersionCodec.CODEC);
    var outcome = Mutations.of(frames, 61).decode(400_000, Duration.ofSeconds(4), codecs);
    assertThat(outcome.read()).isPositive();
    List<Consumer<byte[]>> ranges = List.of(RangesCodec::decode);
    outcome = Mutations.of(frames, 62).run(100_000, Duration.ofSeconds(1), ranges);
    assertThat(outcome.read()).isPositive();
  }
}
