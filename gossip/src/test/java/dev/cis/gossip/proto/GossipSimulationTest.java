package dev.cis.gossip.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.time.Machine;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sim.Seeds;
import dev.cis.sim.SimNetwork.Conditions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GossipSimulationTest {
  private static final Conditions BAD =
      new Conditions(Duration.ofMillis(20), Duration.ofMillis(60), 0.1, 0.05);

  @Test
  void aRumourCrossesALineOfNodes() {
    var village = new Village(1, 6, Conditions.PERFECT);
    village.line();
    var rumour = village.publish(0, "hello");
    village.simulation.runFor(Duration.ofMillis(10));
    assertThat(village.everyoneHas(List.of(rumour))).isTrue();
    assertThat(village.delivered(5).getFirst().hops()).isEqualTo(5);
    assertThat(village.published.getFirst().peers()).isEqualTo(1);
  }

  @Test
  void aRumourWithoutNeighboursIsTakenByNobodyButHeardByAPeerThatComesLater() {
    var village = new Village(1, 2, Conditions.PERFECT);
    var rumour = village.publish(0, "anyone?");
    assertThat(village.published.getFirst().peers()).isZero();
    village.simulation.runFor(Duration.ofMinutes(1));
    village.line();
    village.simulation.runFor(Duration.ofSeconds(1));
    assertThat(village.times(1, rumour)).isOne();
  }

  @Test
  void aPushGoesNoFurtherThanItsTimeToLiveAndRepairCarriesItOn() {
    var village = new Village(1, 6, Conditions.PERFECT);
    village.line();
    var rumour = village.publish(0, Bytes.utf8("short"), 2, 1);
    village.simulation.runFor(Duration.ofMillis(500));
    assertThat(village.times(2, rumour)).isOne();
    assertThat(village.times(3, rumour)).isZero();
    assertThat(village.runUntilEveryoneHas(List.of(rumour), Duration.ofSeconds(10))).isTrue();
  }

  @Test
  void theProbabilityIsTheShareOfLinksThatAreUsedAtOnce() {
    var village = new Village(1, 11, Conditions.PERFECT);
    for (int i = 1; i <= 10; i++) {
      village.link(0, i);
    }
    var rumour = village.publish(0, Bytes.utf8("some"), 8, 0.7);
    assertThat(village.published.getFirst().peers()).isEqualTo(7);
    assertThat(village.runUntilEveryoneHas(List.of(rumour), Duration.ofSeconds(5))).isTrue();
  }

  @Test
  void aLargeRumourIsPushedOverAFewLinksAndAnnouncedOnTheOthersAtOnce() {
    var village = new Village(1, 41, Conditions.PERFECT);
    for (int i = 1; i <= 40; i++) {
      village.link(0, i);
    }
    var rumour = village.publish(0, Bytes.of(new byte[10_000]), 8, 1);
    assertThat(village.published.getFirst().peers()).isEqualTo(GossipMachine.eagerLinks(41));
    assertThat(village.runUntilEveryoneHas(List.of(rumour), Duration.ofMillis(300))).isTrue();
  }

  @Test
  void aQuietNetworkIsSilentAndForgets() {
    var village = new Village(1, 10, Conditions.PERFECT);
    village.randomLinks(4);
    village.publish(3, "once");
    village.simulation.runFor(Duration.ofSeconds(5));
    long sent = village.network.sent();
    village.simulation.runFor(Duration.ofMinutes(5));
    assertThat(village.network.sent()).isEqualTo(sent);
    for (int i = 0; i < 10; i++) {
      assertThat(village.machine(i).remembered()).isZero();
      assertThat(village.machine(i).wakeAt()).isEqualTo(Machine.NEVER);
    }
  }

  @Test
  void everyoneOfAHundredHearsEveryRumourOnceThoughATenthOfTheMessagesAreLost() {
    Seeds.each(
        40,
        seed -> {
          var village = new Village(seed, 100, BAD);
          village.randomLinks(6);
          var rumours = new ArrayList<Rumour>();
          for (int i = 0; i < 10; i++) {
            rumours.add(village.publish(i * 7 % 100, "rumour " + i));
            village.simulation.runFor(Duration.ofMillis(150));
          }
          assertThat(village.runUntilEveryoneHas(rumours, Duration.ofSeconds(20))).isTrue();
          village.simulation.runFor(Duration.ofSeconds(30));
          assertThat(village.everyoneHas(rumours)).isTrue();
        });
  }

  @Test
  void everyNodeOfALineHearsEveryRumourThoughATenthOfTheMessagesAreLost() {
    Seeds.each(
        100,
        seed -> {
          var village = new Village(seed, 8, BAD);
          village.line();
          var rumours = List.of(village.publish(0, "left"), village.publish(7, "right"));
          assertThat(village.runUntilEveryoneHas(rumours, Duration.ofSeconds(90))).isTrue();
        });
  }

  @Test
  void bothSidesOfAPartitionHearEverythingOnceItHeals() {
    Seeds.each(
        40,
        seed -> {
          var village = new Village(seed, 40, BAD);
          village.randomLinks(6);
          village.network.partition(village.nodes.subList(0, 15));
          var rumours =
              List.of(
                  village.publish(2, "here"),
                  village.publish(20, "there"),
                  village.publish(14, "x"));
          village.simulation.runFor(Duration.ofMinutes(1));
          assertThat(village.times(30, rumours.get(0))).isZero();
          village.network.heal();
          assertThat(village.runUntilEveryoneHas(rumours, Duration.ofSeconds(30))).isTrue();
        });
  }

  @Test
  void aPeerThatComesBackGetsWhatItMissed() {
    Seeds.each(
        100,
        seed -> {
          var village = new Village(seed, 3, BAD);
          village.line();
          var first = village.publish(0, "first");
          assertThat(village.runUntilEveryoneHas(List.of(first), Duration.ofMinutes(1))).isTrue();
          village.unlink(1, 2);
          var missed = village.publish(0, "missed");
          village.simulation.runFor(Duration.ofSeconds(20));
          assertThat(village.times(2, missed)).isZero();
          village.link(1, 2);
          assertThat(village.runUntilEveryoneHas(List.of(first, missed), Duration.ofMinutes(1)))
              .isTrue();
        });
  }

  @Test
  void aRestartedNodeGetsTheRecentRumoursOfOthersAndIsNotToldItsOwn() {
    var village = new Village(5, 3, Conditions.PERFECT);
    village.line();
    var own = village.publish(2, "mine");
    var other = village.publish(0, "yours");
    village.simulation.runFor(Duration.ofSeconds(3));
    village.crash(2);
    village.simulation.runFor(Duration.ofSeconds(3));
    village.restart(2);
    village.link(1, 2);
    village.simulation.runFor(Duration.ofSeconds(3));
    assertThat(village.times(2, other)).isOne();
    assertThat(village.times(2, own)).isZero();
    assertThat(village.machine(2).remembered()).isEqualTo(2);
  }
}
