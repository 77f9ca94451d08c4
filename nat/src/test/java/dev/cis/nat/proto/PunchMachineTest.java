package dev.cis.nat.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.cis.nat.proto.PunchWorld.Router;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Every pair of routers, in virtual time. */
class PunchMachineTest {
  private static final Duration ROUND = Duration.ofSeconds(6);

  /** What RFC 4787 lets be: one side must be found where its mapping is, the other let in. */
  private static boolean canMeet(Router one, Router other) {
    return !(one.mapsPerTarget && other.filters) && !(other.mapsPerTarget && one.filters);
  }

  @Test
  void whoeverCanMeetMeetsAndWhoeverCannotIsToldSo() {
    for (var one : Router.values()) {
      for (var other : Router.values()) {
        var world = new PunchWorld(one, other, 0, 1);
        world.begin();
        world.run(ROUND);
        assertThat(world.isDirect()).as("%s with %s", one, other).isEqualTo(canMeet(one, other));
        if (!canMeet(one, other)) {
          assertThat(world.a.said)
              .filteredOn(PunchOutput.Failed.class::isInstance)
              .singleElement(type(PunchOutput.Failed.class))
              .satisfies(failed ->
                  assertThat(failed.tried())
                      .contains(PunchWorld.at(192, 168, 1, 11, 7677))
                      .anyMatch(each -> !each.isPrivate()));
        }
      }
    }
  }

  @Test
  void probesThatWereThereBeforeTheOfferCount() {
    for (var other : Router.values()) {
      for (int seed = 0; seed < 200; seed++) {
        var world = new PunchWorld(Router.NONE, other, 0.2, seed);
        world.begin(Duration.ofMillis(60));
        world.run(ROUND);
        assertThat(world.isDirect()).as("with %s, seed %d", other, seed).isTrue();
      }
    }
  }

  @Test
  void withoutLossAPathIsFoundWithinTwoRoundTripsOfTheExchange() {
    var world = new PunchWorld(Router.HOME, Router.HOME, 0, 1);
    world.begin();
    world.run(Duration.ofMillis(40 + 2 * 40 + 55));
    assertThat(world.isDirect()).isTrue();
  }

  @Test
  void withFivePercentLossNinetyNineOfAHundredStillMeet() {
    for (var one : Router.values()) {
      for (var other : Router.values()) {
        if (canMeet(one, other)) {
          int met = 0;
          for (int seed = 0; seed < 200; seed++) {
            var world = new PunchWorld(one, other, 0.05, seed);
            world.begin();
            world.run(Duration.ofSeconds(3));
            met += world.isDirect() ? 1 : 0;
          }
          assertThat(met).as("%s with %s", one, other).isGreaterThanOrEqualTo(198);
        }
      }
    }
  }

  @Test
  void inOneLanTheLanIsUsedThoughTheRouterAnswersToo() {
    var world = new PunchWorld(Router.FULL_CONE, Router.FULL_CONE, true, 0, 7);
    world.begin();
    world.run(ROUND);
    assertThat(world.a.machine.used()).isEqualTo(world.b.inside);
    assertThat(world.b.machine.used()).isEqualTo(world.a.inside);
  }

  @Test
  void whatASideSendsByTheOtherAdmits() {
    for (int seed = 0; seed < 100; seed++) {
      var world = new PunchWorld(Router.HOME, Router.FULL_CONE, 0.2, seed);
      world.begin();
      world.run(ROUND);
      var used = world.a.machine.used();
      if (used != null) {
        assertThat(world.b.admitted).contains(world.a.outside(used));
      }
    }
  }

  @Test
  void aPathThatDiesIsLostWithinSecondsOnBothSidesAndFoundAgain() {
    var world = new PunchWorld(Router.HOME, Router.HOME, 0, 3);
    world.begin();
    world.run(ROUND);
    assertThat(world.isDirect()).isTrue();
    world.run(Duration.ofMinutes(10));
    assertThat(world.isDirect()).as("nothing is lost on a good path").isTrue();
    assertThat(world.a.said).noneMatch(PunchOutput.Lost.class::isInstance);
    world.a.cut = true;
    world.run(Duration.ofSeconds(12));
    assertThat(world.a.machine.used()).isNull();
    assertThat(world.b.machine.used()).isNull();
    assertThat(world.b.said).anyMatch(PunchOutput.Lost.class::isInstance);
    world.a.cut = false;
    world.begin();
    world.run(ROUND);
    assertThat(world.isDirect()).isTrue();
  }

  @Test
  void aPathInDoubtIsProbedAtOnceAndLostSoonUnlessItAnswers() {
    var world = new PunchWorld(Router.HOME, Router.HOME, 0, 3);
    world.begin();
    world.run(ROUND);
    world.doubt(world.a);
    world.doubt(world.a); // one probe is enough
    world.run(Duration.ofSeconds(5));
    assertThat(world.isDirect()).isTrue();
    world.a.said.clear();
    world.run(Duration.ofMillis(100)); // 5.1 s after the answer nothing is due
    assertThat(world.a.said).noneMatch(PunchOutput.Ask.class::isInstance);
    world.a.cut = true;
    world.doubt(world.a);
    world.run(Duration.ofMillis(3_100));
    assertThat(world.a.said).hasAtLeastOneElementOfType(PunchOutput.Lost.class);
    assertThat(world.a.machine.used()).isNull();
    world.doubt(world.a); // there is nothing to doubt any more
    world.a.said.clear();
    world.run(Duration.ofMinutes(1));
    assertThat(world.a.said).isEmpty();
  }

  @Test
  void aQuietPathCostsLittle() {
    var world = new PunchWorld(Router.HOME, Router.HOME, 0, 3);
    world.begin();
    world.run(ROUND);
    world.a.said.clear();
    world.run(Duration.ofHours(1));
    long asked = world.a.said.stream().filter(PunchOutput.Ask.class::isInstance).count();
    assertThat(asked).isBetween(400L, 460L); // one in eight seconds
  }

  @Test
  void answersToNothingOrFromElsewhereMoveNothing() {
    var world = new PunchWorld(Router.NONE, Router.NONE, 0, 5);
    var stranger = PunchWorld.at(192, 0, 2, 66, 6666);
    var now = new dev.cis.kernel.time.Now(Duration.ofHours(1), java.time.Instant.EPOCH);
    world.a.machine.on(
        now,
        new PunchInput.Round(java.util.List.of(world.b.inside)),
        out -> {
          if (out instanceof PunchOutput.Ask(var to, var transaction)) {
            assertThat(to).isEqualTo(world.b.inside);
            world.a.said.add(out);
          }
        });
    var ask = (PunchOutput.Ask) Objects.requireNonNull(world.a.said.getFirst());
    world.a.machine.on(
        now, new PunchInput.Answered(stranger, ask.transaction()), world.a.said::add);
    world.a.machine.on(now, new PunchInput.Answered(world.b.inside, 42), world.a.said::add);
    assertThat(world.a.machine.used()).isNull();
  }

  @Test
  void noMoreThanSoManyAddressesAreProbed() {
    var world = new PunchWorld(Router.NONE, Router.NONE, 0, 5);
    var now = new dev.cis.kernel.time.Now(Duration.ofHours(1), java.time.Instant.EPOCH);
    for (int i = 0; i < 10_000; i++) {
      world.a.machine.on(
          now,
          new PunchInput.Asked(PunchWorld.at(10, 0, i / 256, i % 256, 1000), i),
          world.a.said::add);
    }
    assertThat(world.a.machine.candidates()).hasSizeLessThanOrEqualTo(32);
    assertThat(world.a.said.stream().filter(PunchOutput.Ask.class::isInstance)).hasSize(32);
  }
}
