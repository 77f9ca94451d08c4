package dev.cis.dht.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.sim.Seeds;
import dev.cis.sim.SimNetwork.Conditions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DhtSimulationTest {
  private static final Conditions GOOD =
      new Conditions(Duration.ofMillis(5), Duration.ofMillis(20), 0, 0);
  private static final Conditions LOSSY =
      new Conditions(Duration.ofMillis(5), Duration.ofMillis(40), 0.1, 0.02);

  @Test
  void twoNodesFindEachOtherAtOnce() {
    var dht = new DhtNetwork(1, GOOD, KademliaConfig.DEFAULT);
    dht.grow(2, Duration.ofMillis(100));
    assertThat(dht.machine(0).table().size()).isEqualTo(1);
    assertThat(dht.lookUp(0, People.id(1), DhtInput.Purpose.FIND_PEER).found())
        .contains(People.record(1));
  }

  @Test
  void aSmallNetworkKnowsItselfFullySoonAfterAllStartedAtOnce() {
    Seeds.each(
        20,
        seed -> {
          var dht = new DhtNetwork(seed, GOOD, KademliaConfig.DEFAULT);
          IntStream.range(0, 12).forEach(i -> dht.add());
          IntStream.range(1, 12).forEach(i -> dht.connect(i, 0));
          dht.simulation.runFor(Duration.ofSeconds(20));
          for (int i = 0; i < 12; i++) {
            assertThat(dht.machine(i).table().size()).as("node " + i).isEqualTo(11);
          }
        });
  }

  @Test
  void everyLookupAmongAHundredNodesFindsItsTarget() {
    Seeds.each(
        10,
        seed -> {
          var dht = new DhtNetwork(seed, GOOD, KademliaConfig.DEFAULT);
          dht.grow(100, Duration.ofMillis(200));
          dht.simulation.runFor(Duration.ofSeconds(10));
          everyoneIsFound(dht, 100);
        });
  }

  @Test
  void everyLookupFindsItsTargetThoughATenthOfTheMessagesIsLost() {
    Seeds.each(
        10,
        seed -> {
          var dht = new DhtNetwork(seed, LOSSY, KademliaConfig.DEFAULT);
          dht.grow(100, Duration.ofMillis(200));
          dht.simulation.runFor(Duration.ofSeconds(60));
          everyoneIsFound(dht, 100);
        });
  }

  @Test
  void everyLookupAmongAThousandNodesFindsItsTarget() {
    var dht = new DhtNetwork(3, GOOD, KademliaConfig.DEFAULT);
    dht.grow(1000, Duration.ofMillis(100));
    dht.simulation.runFor(Duration.ofSeconds(30));
    everyoneIsFound(dht, 1000);
  }

  @Test
  void findClosestFindsTheTrulyClosest() {
    var dht = new DhtNetwork(4, GOOD, KademliaConfig.DEFAULT);
    dht.grow(200, Duration.ofMillis(200));
    dht.simulation.runFor(Duration.ofMinutes(15));
    var random = dht.simulation.newRandom();
    for (int i = 0; i < 50; i++) {
      int asker = random.nextInt(200);
      var target = Distance.random(People.id(0), 0, random);
      var truth =
          IntStream.range(0, 200)
              .filter(n -> n != asker)
              .mapToObj(People::id)
              .sorted(Distance.to(target))
              .limit(20)
              .toList();
      var found = dht.lookUp(asker, target, DhtInput.Purpose.FIND_CLOSEST);
      assertThat(found.closest()).extracting(r -> r.value().node()).isEqualTo(truth);
    }
  }

  @Test
  void lookupsSurviveTheSuddenDeathOfAThirdOfTheNodes() {
    Seeds.each(
        5,
        seed -> {
          var dht = new DhtNetwork(seed, LOSSY, KademliaConfig.DEFAULT);
          dht.grow(90, Duration.ofMillis(200));
          dht.simulation.runFor(Duration.ofSeconds(60));
          for (int i = 0; i < 90; i += 3) {
            dht.nodes.get(i).crash();
            dht.network.detach(i);
          }
          for (int i = 1; i < 90; i += 3) {
            var result = dht.lookUp(i, People.id(i + 1), DhtInput.Purpose.FIND_PEER);
            assertThat(result.found()).as("lookup of " + (i + 1)).isPresent();
          }
        });
  }

  @Test
  void theHalvesOfAPartitionedNetworkFindTogetherAgainWithoutHelp() {
    Seeds.each(
        5,
        seed -> {
          var dht = new DhtNetwork(seed, LOSSY, KademliaConfig.DEFAULT);
          dht.grow(60, Duration.ofMillis(200));
          dht.simulation.runFor(Duration.ofSeconds(60));
          dht.network.partition(IntStream.range(0, 30).boxed().toList());
          // Long enough that each side gives the other up.
          dht.simulation.runFor(Duration.ofMinutes(30));
          assertThat(others(dht, 0, 30)).hasSizeLessThan(10);
          dht.network.heal();
          dht.simulation.runFor(Duration.ofMinutes(20));
          everyoneIsFound(dht, 60);
          assertThat(others(dht, 0, 30)).isNotEmpty();
        });
  }

  @Test
  void aNodeThatStartsAgainWithItsOldTableNeedsNoBootstrapAddress() {
    var dht = new DhtNetwork(6, GOOD, KademliaConfig.DEFAULT);
    dht.grow(30, Duration.ofMillis(200));
    dht.simulation.runFor(Duration.ofSeconds(20));
    var stored = dht.machine(7).table().records();
    dht.nodes.get(7).restart(dht.fresh(7));
    dht.nodes.get(7).on(new DhtInput.PeersHeardOf(stored));
    dht.simulation.runFor(Duration.ofSeconds(10));
    assertThat(dht.machine(7).table().size()).isGreaterThanOrEqualTo(20);
  }

  @Test
  void bootstrapWaitsForAFirstPeerAndThenTellsTheSizeOfTheTable() {
    var dht = new DhtNetwork(8, GOOD, KademliaConfig.DEFAULT);
    dht.grow(40, Duration.ofMillis(200));
    int late = dht.add();
    dht.nodes.get(late).on(new DhtInput.Bootstrap(77));
    dht.simulation.runFor(Duration.ofMinutes(5));
    assertThat(dht.bootstrapped).isEmpty();
    dht.connect(late, 11);
    dht.simulation.runFor(Duration.ofSeconds(5));
    assertThat(dht.bootstrapped.get(77L)).isGreaterThanOrEqualTo(20);
  }

  @Test
  void aQuietNetworkStaysQuiet() {
    var dht = new DhtNetwork(9, GOOD, KademliaConfig.DEFAULT);
    dht.grow(100, Duration.ofMillis(200));
    dht.simulation.runFor(Duration.ofMinutes(30));
    long before = dht.network.sent();
    dht.simulation.runFor(Duration.ofMinutes(30));
    double perNodeAndMinute = (dht.network.sent() - before) / 100.0 / 30;
    assertThat(perNodeAndMinute).isLessThan(30);
  }

  private static void everyoneIsFound(DhtNetwork dht, int count) {
    var random = dht.simulation.newRandom();
    for (int target = 0; target < count; target++) {
      int asker = (target + 1 + random.nextInt(count - 1)) % count;
      var result = dht.lookUp(asker, People.id(target), DhtInput.Purpose.FIND_PEER);
      assertThat(result.found()).as(asker + " looks for " + target).isPresent();
    }
  }

  /** The live nodes in the table of the first node that have an index of {@code from} or more. */
  private static List<Integer> others(DhtNetwork dht, int node, int from) {
    return IntStream.range(from, dht.nodes.size())
        .filter(i -> dht.machine(node).table().isLive(People.id(i)))
        .boxed()
        .sorted(Comparator.naturalOrder())
        .toList();
  }
}
