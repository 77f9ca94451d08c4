package dev.cis.dht.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.wire.Bytes;
import dev.cis.sim.Seeds;
import dev.cis.sim.SimNetwork.Conditions;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Values and providers among many machines. */
class RecordsSimulationTest {
  private static final Conditions LOSSY =
      new Conditions(Duration.ofMillis(5), Duration.ofMillis(40), 0.05, 0.02);
  private static final OptionalLong ANY = OptionalLong.empty();

  private static DhtNetwork network(long seed, int size) {
    var dht = new DhtNetwork(seed, LOSSY, KademliaConfig.DEFAULT);
    dht.grow(size, Duration.ofMillis(200));
    dht.simulation.runFor(Duration.ofSeconds(30));
    return dht;
  }

  private static Item mutable(long sequence, String value) {
    return new Item.Mutable(
        new MutableValue(Bytes.EMPTY, sequence, Bytes.utf8(value)).sign(People.key(3)));
  }

  private static List<Item> get(DhtNetwork dht, int node, Item item) {
    return dht.lookUp(node, item.key(), DhtInput.Purpose.FIND_VALUE).items();
  }

  @Test
  void whatOnePutsEveryoneGets() {
    Seeds.each(
        2,
        seed -> {
          var dht = network(seed, 60);
          var fixed = new Item.Immutable(Bytes.utf8("fixed " + seed));
          var changing = mutable(1, "first");
          assertThat(dht.publish(3, new Publication.Value(fixed), ANY).kept()).isGreaterThan(10);
          assertThat(dht.publish(3, new Publication.Value(changing), ANY).kept()).isGreaterThan(10);
          var place = People.id(777);
          dht.publish(7, new Publication.Provided(place), ANY);
          dht.publish(8, new Publication.Provided(place), ANY);
          for (int i = 0; i < 60; i++) {
            assertThat(get(dht, i, fixed)).containsExactly(fixed);
            assertThat(get(dht, i, changing)).containsExactly(changing);
          }
          for (int i = 10; i < 60; i++) {
            assertThat(dht.lookUp(i, place, DhtInput.Purpose.FIND_PROVIDERS).items())
                .extracting(item -> ((Item.Provider) item).node())
                .containsExactlyInAnyOrder(People.id(7), People.id(8));
          }
        });
  }

  @Test
  void theLatestValueWinsAndAWriterBehindIsTold() {
    var dht = network(9, 40);
    dht.publish(3, new Publication.Value(mutable(1, "first")), ANY);
    dht.publish(4, new Publication.Value(mutable(2, "second")), OptionalLong.of(1));
    assertThat(get(dht, 20, mutable(1, ""))).containsExactly(mutable(2, "second"));
    var late = dht.publish(5, new Publication.Value(mutable(3, "third")), OptionalLong.of(1));
    assertThat(late.newer()).isPositive();
    assertThat(late.kept()).isZero();
    var behind = dht.publish(6, new Publication.Value(mutable(1, "other first")), ANY);
    assertThat(behind.newer()).isPositive();
    assertThat(get(dht, 21, mutable(1, ""))).containsExactly(mutable(2, "second"));
    // The first writer sees at its next repetition that it is behind, and gives up.
    dht.simulation.runFor(Duration.ofHours(3));
    assertThat(dht.machine(3).publications()).isEmpty();
    assertThat(get(dht, 22, mutable(1, ""))).containsExactly(mutable(2, "second"));
  }

  @Test
  void aValueOutlivesEveryNodeThatFirstKeptItWhileItsPublisherLives() {
    var dht = network(10, 60);
    var value = new Item.Immutable(Bytes.utf8("lasting"));
    dht.publish(0, new Publication.Value(value), ANY);
    for (int round = 0; round < 6; round++) {
      for (int i = 0; i < 10; i++) {
        int old = 1 + round * 10 + i;
        if (old < 60) {
          dht.nodes.get(old).crash();
          dht.network.detach(old);
        }
        dht.connect(dht.add(), 0);
        dht.simulation.runFor(Duration.ofMinutes(4));
      }
    }
    int last = dht.nodes.size() - 1;
    assertThat(get(dht, last, value)).containsExactly(value);
  }

  @Test
  void aHundredValuesInASmallNetworkTravelTogether() {
    var dht = network(11, 10);
    IntStream.range(0, 100)
        .forEach(i ->
            dht.nodes
                .get(0)
                .on(
                    new DhtInput.Publish(
                        5000 + i,
                        new Publication.Value(new Item.Immutable(Bytes.utf8("value " + i))),
                        ANY)));
    dht.simulation.runFor(Duration.ofMinutes(1));
    assertThat(dht.published).hasSizeGreaterThanOrEqualTo(100);
    dht.simulation.runFor(Duration.ofHours(3));
    long before = dht.machine(0).stats().requests();
    dht.simulation.runFor(Duration.ofHours(2));
    // Said one by one it would be at least 100 times (a lookup and nine stores), twice.
    assertThat(dht.machine(0).stats().requests() - before).isLessThan(1500);
    for (int i = 0; i < 100; i++) {
      var value = new Item.Immutable(Bytes.utf8("value " + i));
      assertThat(get(dht, 1 + i % 9, value)).containsExactly(value);
    }
  }

  @Test
  void whoIsAloneSaysItAsSoonAsThereIsSomebody() {
    var dht = new DhtNetwork(12, LOSSY, KademliaConfig.DEFAULT);
    dht.add();
    var value = new Item.Immutable(Bytes.utf8("early"));
    assertThat(dht.publish(0, new Publication.Value(value), ANY).kept()).isZero();
    dht.connect(dht.add(), 0);
    dht.simulation.runFor(Duration.ofMinutes(2));
    assertThat(dht.machine(1).kept()).extracting(Kept::item).contains(value);
  }

  @Test
  void aNodeThatServesNobodyIsFoundByItsStoredRecord() {
    var dht = network(13, 30);
    int client = dht.addClient();
    dht.connect(client, 2);
    dht.simulation.runFor(Duration.ofMinutes(2));
    assertThat(dht.machine(2).table().isLive(People.id(client))).isFalse();
    var found = dht.lookUp(20, People.id(client), DhtInput.Purpose.FIND_PEER).found();
    assertThat(found).hasValueSatisfying(r -> assertThat(r).isEqualTo(dht.record(client)));
  }
}
