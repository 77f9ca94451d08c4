package dev.cis.dht.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.dht.proto.RoutingTable.Outcome;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RoutingTableTest {
  private static final KademliaConfig CONFIG = KademliaConfig.DEFAULT;
  private static final NodeId SELF = People.id(0);

  private static Duration at(int seconds) {
    return Duration.ofSeconds(seconds);
  }

  /** Heard (even) or failed (odd) in some order: whatever happens, the table stays sound. */
  @Property(tries = 60)
  void theTableStaysSoundWhateverHappens(
      @ForAll @Size(max = 400) List<@IntRange(max = 399) Integer> events,
      @ForAll @IntRange(max = 199) int target) {
    var table = new RoutingTable(SELF, CONFIG);
    for (int i = 0; i < events.size(); i++) {
      int node = events.get(i) / 2;
      if (events.get(i) % 2 == 0) {
        table.heard(at(i), People.record(node), null);
      } else {
        table.failed(at(i), People.id(node));
        table.failed(at(i), People.id(node));
        table.failed(at(i), People.id(node));
      }
    }
    var all = new ArrayList<NodeId>();
    for (int bucket = 0; bucket < Distance.BITS; bucket++) {
      var here = table.bucket(bucket);
      assertThat(here).hasSizeLessThanOrEqualTo(CONFIG.k());
      for (var node : here) {
        assertThat(Distance.commonPrefix(SELF, node)).isEqualTo(bucket);
        assertThat(table.isLive(node)).isTrue();
      }
      all.addAll(here);
    }
    assertThat(all).doesNotHaveDuplicates().doesNotContain(SELF).hasSize(table.size());
    assertThat(table.records()).hasSize(table.size());
    all.sort(Distance.to(People.id(target)));
    assertThat(table.closest(People.id(target), 20))
        .extracting(record -> record.value().node())
        .isEqualTo(all.subList(0, Math.min(20, all.size())));
  }

  @Test
  void aFullBucketKeepsItsOldNodesUntilOneHasFailedForGood() {
    var table = new RoutingTable(SELF, CONFIG);
    var far = far(25);
    far.subList(0, 20)
        .forEach(node ->
            assertThat(table.heard(at(0), People.record(node), null)).isEqualTo(Outcome.ADDED));
    assertThat(table.heard(at(1), People.record(far.get(20)), null)).isEqualTo(Outcome.WAITING);
    assertThat(table.heard(at(2), People.record(far.get(21)), null)).isEqualTo(Outcome.WAITING);
    var old = People.id(far.getFirst());
    assertThat(table.failed(at(3), old)).isFalse();
    assertThat(table.failed(at(4), old)).isFalse();
    assertThat(table.bucket(0)).contains(old);
    assertThat(table.failed(at(5), old)).isTrue();
    // The newcomer heard last is the likeliest to be alive.
    assertThat(table.bucket(0)).hasSize(20).doesNotContain(old).contains(People.id(far.get(21)));
    assertThat(table.size()).isEqualTo(20);
  }

  @Test
  void theNodeSilentLongestIsTheOneToAsk() {
    var table = new RoutingTable(SELF, CONFIG);
    var far = far(21);
    for (int i = 0; i < 20; i++) {
      table.heard(at(i), People.record(far.get(i)), null);
    }
    table.heard(at(60), People.record(far.getFirst()), null);
    var newcomer = People.id(far.get(20));
    assertThat(table.questionable(at(100), newcomer)).isEmpty();
    assertThat(table.questionable(at(1000), newcomer))
        .hasValueSatisfying(contact -> assertThat(contact.node()).isEqualTo(People.id(far.get(1))));
  }

  @Test
  void aNodeThatIsGoneStaysUnusedAndComesBack() {
    var table = new RoutingTable(SELF, CONFIG);
    table.heard(at(0), People.record(1), null);
    for (int i = 0; i < 3; i++) {
      table.failed(at(1), People.id(1));
    }
    assertThat(table.size()).isZero();
    assertThat(table.closest(People.id(1), 20)).isEmpty();
    assertThat(table.toProbe(at(2), People.EXPIRY.minusSeconds(9), 3)).isEmpty();
    assertThat(table.toProbe(at(40), People.EXPIRY.minusSeconds(9), 3)).hasSize(1);
    assertThat(table.heard(at(41), People.record(1), null)).isEqualTo(Outcome.REVIVED);
    assertThat(table.size()).isEqualTo(1);
  }

  @Test
  void oneNodeGoneForADayIsForgotten() {
    var table = new RoutingTable(SELF, CONFIG);
    table.heard(at(0), People.record(1), null);
    for (int i = 0; i < 3; i++) {
      table.failed(at(1), People.id(1));
    }
    table.forget(Duration.ofHours(25));
    assertThat(table.find(People.id(1))).isEmpty();
  }

  @Test
  void aPublicSubnetGetsThreePlacesAndTwoInABucket() {
    var table = new RoutingTable(SELF, CONFIG);
    var far = far(3);
    int near =
        IntStream.range(1, 500)
            .filter(i -> Distance.commonPrefix(SELF, People.id(i)) == 1)
            .findFirst()
            .orElseThrow();
    int nearer =
        IntStream.range(1, 500)
            .filter(i -> Distance.commonPrefix(SELF, People.id(i)) == 2)
            .findFirst()
            .orElseThrow();
    assertThat(hear(table, far.get(0), "203.0.113.1")).isEqualTo(Outcome.ADDED);
    assertThat(hear(table, far.get(1), "203.0.113.2")).isEqualTo(Outcome.ADDED);
    assertThat(hear(table, far.get(2), "203.0.113.3")).isEqualTo(Outcome.REFUSED);
    assertThat(hear(table, near, "203.0.113.4")).isEqualTo(Outcome.ADDED);
    assertThat(hear(table, nearer, "203.0.113.5")).isEqualTo(Outcome.REFUSED);
    assertThat(hear(table, nearer, "203.0.112.5")).isEqualTo(Outcome.ADDED);
    assertThat(table.size()).isEqualTo(4);
  }

  @Test
  void aLabOfPrivateAddressesHasNoSuchLimit() {
    var table = new RoutingTable(SELF, CONFIG);
    far(20).forEach(node -> hear(table, node, "192.168.1.7"));
    assertThat(table.size()).isEqualTo(20);
  }

  @Test
  void aNodeThatMovesIntoACrowdedSubnetLosesItsPlace() {
    var table = new RoutingTable(SELF, CONFIG);
    var far = far(3);
    hear(table, far.get(0), "203.0.113.1");
    hear(table, far.get(1), "203.0.113.2");
    hear(table, far.get(2), "198.51.100.1");
    assertThat(hear(table, far.get(2), "203.0.113.3")).isEqualTo(Outcome.REFUSED);
    assertThat(table.size()).isEqualTo(2);
    table.remove(People.id(far.getFirst()));
    assertThat(hear(table, far.get(2), "203.0.113.3")).isEqualTo(Outcome.ADDED);
  }

  @Test
  void theNewestRecordOfANodeCounts() {
    var table = new RoutingTable(SELF, CONFIG);
    var newer = People.record(1, 5, List.of(new Address("10.9.9.9", 1)), People.EXPIRY, true);
    table.heard(at(0), People.record(1), null);
    table.heard(at(1), newer, null);
    table.heard(at(2), People.record(1), null);
    assertThat(table.find(People.id(1))).contains(newer);
    assertThat(new HashSet<>(table.records())).containsExactly(newer);
  }

  private static Outcome hear(RoutingTable table, int node, String remote) {
    return table.heard(at(0), People.record(node), new Address(remote, 7677));
  }

  /** Nodes of the half of the space that we are not in. */
  private static List<Integer> far(int count) {
    return IntStream.range(1, 500)
        .filter(i -> Distance.commonPrefix(SELF, People.id(i)) == 0)
        .limit(count)
        .boxed()
        .toList();
  }
}
