package dev.cis.dht.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.dht.proto.DhtMessage.Outcome;
import dev.cis.dht.proto.DhtMessage.What;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ItemStoreTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final RecordsConfig SMALL =
      new RecordsConfig(
          40,
          64 << 10,
          10,
          3,
          Duration.ofHours(2),
          Duration.ofHours(1),
          Duration.ofHours(24),
          Duration.ofHours(12),
          Duration.ofHours(24),
          Duration.ofHours(1),
          Duration.ofMinutes(5),
          16);

  private final ItemStore store = new ItemStore(People.id(0), SMALL);

  private Outcome put(Item item, String source) {
    return store.put(NOW, item, source, OptionalLong.empty());
  }

  private static Item value(int number) {
    return new Item.Immutable(Bytes.utf8("value " + number));
  }

  private static Item mutable(long sequence, String value) {
    return new Item.Mutable(
        new MutableValue(Bytes.utf8("salt"), sequence, Bytes.utf8(value)).sign(People.key(1)));
  }

  private static Item.Provider provider(NodeId key, int node, Instant expiry) {
    return provider(key, node, NOW.toEpochMilli(), expiry);
  }

  private static Item.Provider provider(NodeId key, int node, long sequence, Instant expiry) {
    return new Item.Provider(
        new Provision(key, People.id(node), sequence, expiry).sign(People.key(node)),
        People.record(node));
  }

  @Test
  void theHigherSequenceReplacesTheLower() {
    var key = mutable(1, "").key();
    assertThat(put(mutable(5, "five"), "a")).isEqualTo(Outcome.KEPT);
    assertThat(put(mutable(4, "four"), "a")).isEqualTo(Outcome.STALE);
    assertThat(put(mutable(5, "other five"), "a")).isEqualTo(Outcome.STALE);
    assertThat(put(mutable(5, "five"), "b")).isEqualTo(Outcome.KEPT);
    assertThat(put(mutable(6, "six"), "b")).isEqualTo(Outcome.KEPT);
    assertThat(store.find(NOW, key, What.VALUE)).containsExactly(mutable(6, "six"));
    assertThat(store.size()).isEqualTo(1);
  }

  @Test
  void aWriterThatExpectsAnotherSequenceIsToldOfTheConflict() {
    assertThat(put(mutable(5, "five"), "a")).isEqualTo(Outcome.KEPT);
    assertThat(store.put(NOW, mutable(7, "seven"), "a", OptionalLong.of(4)))
        .isEqualTo(Outcome.CONFLICT);
    assertThat(store.put(NOW, mutable(7, "seven"), "a", OptionalLong.of(5)))
        .isEqualTo(Outcome.KEPT);
    // The same again, after the answer was lost.
    assertThat(store.put(NOW, mutable(7, "seven"), "a", OptionalLong.of(5)))
        .isEqualTo(Outcome.KEPT);
  }

  @Test
  void recordsThatLieAboutTheirTimeAreRefused() {
    var key = People.id(50);
    assertThat(put(provider(key, 1, NOW.minusSeconds(1)), "a")).isEqualTo(Outcome.BAD_RECORD);
    assertThat(put(provider(key, 1, NOW.plus(Duration.ofHours(25))), "a"))
        .isEqualTo(Outcome.BAD_RECORD);
    var tomorrow = NOW.plus(Duration.ofHours(23));
    assertThat(put(provider(key, 1, tomorrow.toEpochMilli(), tomorrow), "a"))
        .isEqualTo(Outcome.BAD_RECORD);
    var old = People.record(3, 1, List.of(), NOW.minusSeconds(1), true);
    assertThat(put(new Item.Peer(old), "a")).isEqualTo(Outcome.BAD_RECORD);
    assertThat(store.size()).isZero();
  }

  @Test
  void whatHasRunOutIsNotToldAndThenForgotten() {
    var key = People.id(50);
    put(provider(key, 1, NOW.plusSeconds(60)), "a");
    put(value(1), "a");
    put(new Item.Peer(People.record(4)), "a");
    assertThat(store.find(NOW, key, What.PROVIDERS)).hasSize(1);
    assertThat(store.find(NOW.plusSeconds(60), key, What.PROVIDERS)).isEmpty();
    assertThat(store.find(NOW.plus(Duration.ofHours(2)), People.id(4), What.NODES)).isEmpty();
    store.expire(NOW.plus(Duration.ofHours(2)));
    assertThat(store.all()).extracting(Kept::item).containsExactly(value(1));
    store.expire(NOW.plus(Duration.ofHours(24)));
    assertThat(store.size()).isZero();
    assertThat(store.bytes()).isZero();
  }

  @Test
  void aFloodOfOneSenderCostsOnlyThatSender() {
    for (int i = 0; i < 5; i++) {
      assertThat(put(value(i), "honest")).isEqualTo(Outcome.KEPT);
    }
    int kept = 0;
    for (int i = 100; i < 600; i++) {
      kept += put(value(i), "flood") == Outcome.KEPT ? 1 : 0;
    }
    assertThat(kept).isEqualTo(10);
    assertThat(store.all()).filteredOn(k -> k.source().equals("honest")).hasSize(5);
  }

  @Test
  void aFloodOfManySendersIsBoundedAndLeavesWhoHasLittle() {
    for (int i = 0; i < 3; i++) {
      put(value(i), "honest");
    }
    for (int i = 100; i < 1000; i++) {
      put(value(i), "flood " + i % 10);
    }
    assertThat(store.size()).isEqualTo(40);
    assertThat(store.bytes()).isLessThanOrEqualTo(64 << 10);
    assertThat(store.all()).filteredOn(k -> k.source().equals("honest")).hasSize(3);
  }

  @Test
  void largeRecordsAreBoundedInBytes() {
    for (int i = 0; i < 40; i++) {
      var large = new byte[1000];
      large[0] = (byte) i;
      put(new Item.Immutable(Bytes.of(large)), "source " + i);
      put(provider(People.id(60 + i), i + 1, NOW.plusSeconds(9)), "source " + i);
    }
    assertThat(store.bytes()).isLessThanOrEqualTo(64 << 10);
    assertThat(store.size()).isLessThanOrEqualTo(40);
  }

  @Test
  void ofManyProvidersTheLatestStay() {
    var key = People.id(50);
    for (int i = 1; i <= 5; i++) {
      assertThat(put(provider(key, i, NOW.plusSeconds(60)), "s" + i)).isEqualTo(Outcome.KEPT);
    }
    assertThat(store.find(NOW, key, What.PROVIDERS))
        .extracting(item -> ((Item.Provider) item).node())
        .containsExactly(People.id(5), People.id(4), People.id(3));
  }

  @Test
  void whatWasKeptIsBackAfterARestartAndLastsNoLonger() {
    put(value(1), "a");
    put(provider(People.id(50), 1, NOW.plusSeconds(60)), "b");
    var again = new ItemStore(People.id(0), SMALL);
    again.restore(NOW.plusSeconds(61), store.all());
    assertThat(again.all())
        .isEqualTo(
            List.of(
                store.all().stream()
                    .filter(kept -> kept.item().equals(value(1)))
                    .findFirst()
                    .orElseThrow()));
  }
}
