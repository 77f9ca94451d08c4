package dev.cis.nat.proto;

import static dev.cis.nat.proto.RelayRealm.STRANGERS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.identity.NodeId;
import dev.cis.nat.proto.RelayTable.Joined;
import dev.cis.nat.proto.RelayTable.Party;
import dev.cis.nat.proto.RelayTable.RealmUse;
import dev.cis.nat.proto.RelayTable.Use;
import dev.cis.nat.proto.RelayTable.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** What one realm uses of a relay, and that it takes nothing from another. */
class RealmQuotaTest {
  private static final Duration NOW = Duration.ofHours(5);
  private static final Duration LEASE = Duration.ofMinutes(10);
  private static final RelayRealm HOME = new RelayRealm("aaaa", true);
  private static final RelayRealm GUESTS = new RelayRealm("bbbb", false);
  private static final int KB = 1_000;

  /** Eight reservations, six circuits, 400 KB a second; a realm may have half. */
  private static final RealmLimits HALF = RealmLimits.DEFAULT;

  private static RelayTable table(RealmLimits realms) {
    var limits = new RelayLimits(LEASE, 8, 100, 6, 100, 100, 400 * KB, 1L << 40, 400 * KB, realms);
    return new RelayTable(limits, new SplittableRandom(1)::nextLong);
  }

  private static Party party(int number, RelayRealm realm) {
    var bytes = new byte[NodeId.BYTES];
    bytes[0] = (byte) number;
    return new Party(NodeId.of(bytes), realm, PunchWorld.at(198, 51, number, 1, 7677));
  }

  private static void reserve(RelayTable table, Party party) {
    assertThat(table.reserve(NOW, party)).isEqualTo(new Verdict.Granted<>(LEASE));
  }

  private static void reserve(RelayTable table, Duration when, Party party) {
    assertThat(table.reserve(when, party)).isInstanceOf(Verdict.Granted.class);
  }

  private static Joined join(RelayTable table, Duration when, Party from, Party to) {
    return ((Verdict.Granted<Joined>) table.connect(when, from, to.node())).value();
  }

  private static Joined join(RelayTable table, Party from, Party to) {
    return join(table, NOW, from, to);
  }

  private static String refusal(Verdict<?> verdict) {
    return ((Verdict.Refused<?>) verdict).reason();
  }

  private static RealmUse of(RelayTable table, Duration when, RelayRealm realm) {
    return table.look(when).realms().stream()
        .filter(use -> use.realm().equals(realm))
        .findFirst()
        .orElseThrow();
  }

  private static RealmUse of(RelayTable table, RelayRealm realm) {
    return of(table, NOW, realm);
  }

  /** How many of 1,000 datagrams of 1,000 bytes go on. */
  private static int carried(RelayTable table, Duration when, Joined circuit, Party by) {
    int carried = 0;
    for (int i = 0; i < 1_000; i++) {
      carried += table.forward(when, circuit.opener(), by.at(), KB).isPresent() ? 1 : 0;
    }
    return carried;
  }

  @Test
  void theRealmThatBothHaveProvedPaysAndTheHomeRealmBeforeOthers() {
    assertThat(RelayRealm.of(Set.of("anchor", "bbbb", "aaaa"), "aaaa")).isEqualTo(HOME);
    assertThat(RelayRealm.of(Set.of("dddd", "anchor", "cccc", ""), "aaaa"))
        .isEqualTo(new RelayRealm("cccc", false));
    assertThat(RelayRealm.of(Set.of("anchor"), "aaaa")).isEqualTo(STRANGERS);
    assertThat(RelayRealm.of(Set.of("anchor", ""), "aaaa"))
        .as("everybody can prove the open realm, and has no second share by it")
        .isEqualTo(STRANGERS);
    assertThat(RelayRealm.of(Set.of("anchor", ""), "")).isEqualTo(new RelayRealm("", true));
    assertThat(RelayRealm.of(Set.of(), "aaaa")).isEqualTo(STRANGERS);
  }

  @Test
  void strangersAtTheirLimitLeaveThePlacesOfOthersAndCancelAndTimeGiveThemBack() {
    var table = table(HALF);
    for (int i = 1; i <= 4; i++) {
      reserve(table, party(i, STRANGERS));
    }
    assertThat(refusal(table.reserve(NOW, party(5, STRANGERS))))
        .isEqualTo(
            "no more reservations of strangers than 4 here (relay.max_reservations_per_realm)");
    reserve(table, party(4, STRANGERS)); // a renewal
    for (int i = 11; i <= 14; i++) {
      reserve(table, party(i, GUESTS));
    }
    assertThat(of(table, STRANGERS).reservations()).isEqualTo(new Use(4, 4, 1));
    assertThat(of(table, GUESTS).reservations()).isEqualTo(new Use(4, 4, 0));
    table.cancel(party(1, STRANGERS).node());
    assertThat(refusal(table.reserve(NOW, party(15, GUESTS))))
        .as("the place of a stranger is not one of the guests")
        .isEqualTo(
            "no more reservations of the realm bbbb than 4 here (relay.max_reservations_per_realm)");
    reserve(table, party(5, STRANGERS));
    assertThat(of(table, NOW.plus(LEASE), STRANGERS).reservations()).isEqualTo(new Use(0, 4, 1));
    assertThat(table.reserve(NOW.plus(LEASE), party(6, STRANGERS)))
        .isInstanceOf(Verdict.Granted.class);
    assertThat(table.look(NOW).reservations().refused()).isEqualTo(2);
  }

  @Test
  void theRealmOfTheOpenerPaysForACircuitAndHasItBackAtItsEnd() {
    var table = table(HALF);
    var target = party(1, GUESTS);
    var other = party(2, STRANGERS);
    reserve(table, target);
    reserve(table, other);
    var first = join(table, party(11, STRANGERS), target);
    var _ = join(table, party(12, STRANGERS), target);
    var _ = join(table, party(13, STRANGERS), other);
    assertThat(refusal(table.connect(NOW, party(14, STRANGERS), target.node())))
        .isEqualTo("no more circuits of strangers than 3 here (relay.max_circuits_per_realm)");
    var _ = join(table, party(15, GUESTS), other);
    assertThat(of(table, GUESTS).circuits()).isEqualTo(new Use(1, 1, 0));
    assertThat(of(table, STRANGERS).circuits()).isEqualTo(new Use(3, 3, 1));
    assertThat(table.look(NOW).circuits()).isEqualTo(new Use(4, 4, 1));
    table.disconnect(first.target());
    var _ = join(table, party(14, STRANGERS), target);
    table.cancel(target.node());
    assertThat(of(table, STRANGERS).circuits().now()).isEqualTo(1);
    assertThat(of(table, NOW.plus(LEASE), GUESTS).circuits().now())
        .as("with the reservation that they lead to")
        .isZero();
  }

  @Test
  void strangersWhoSendTooMuchTakeNothingOfASecondFromOthers() {
    var table = table(HALF);
    var target = party(1, HOME);
    reserve(table, target);
    var floods = new ArrayList<Joined>();
    for (int i = 11; i <= 13; i++) {
      floods.add(join(table, party(i, STRANGERS), target));
    }
    var guest = join(table, party(20, GUESTS), target);
    int strangers = 0;
    for (int i = 0; i < 3; i++) {
      strangers += carried(table, NOW, floods.get(i), party(11 + i, STRANGERS));
    }
    assertThat(strangers).as("half of a second, once").isEqualTo(200);
    assertThat(carried(table, NOW, guest, party(20, GUESTS))).isEqualTo(200);
    assertThat(of(table, STRANGERS).dropped()).isEqualTo(2_800);
    var later = NOW.plusMillis(500);
    assertThat(carried(table, later, floods.getFirst(), party(11, STRANGERS))).isEqualTo(100);
    assertThat(carried(table, later, guest, party(20, GUESTS))).isEqualTo(100);
  }

  @Test
  void theHourOfARealmHasItsEndAndAnother() {
    var table = table(new RealmLimits(false, 0, 0, 0, 250 * KB));
    var target = party(1, HOME);
    reserve(table, target);
    var circuit = join(table, party(11, STRANGERS), target);
    int carried = 0;
    for (int second = 0; second < 10; second++) {
      carried += carried(table, NOW.plusSeconds(second), circuit, party(11, STRANGERS));
    }
    assertThat(carried).isEqualTo(250);
    assertThat(refusal(table.connect(NOW.plusSeconds(10), party(12, STRANGERS), target.node())))
        .isEqualTo(
            "the circuits of strangers have carried 250000 bytes within the hour"
                + " (relay.realm_bytes_per_hour)");
    var soon = NOW.plusSeconds(20);
    var member = join(table, soon, party(13, HOME), target);
    assertThat(carried(table, soon, member, party(13, HOME))).isEqualTo(400);
    var use = of(table, soon, STRANGERS);
    assertThat(use.hour().now()).isEqualTo(250_000);
    assertThat(use.hour().refused()).isGreaterThan(1);
    var next = NOW.plus(Duration.ofHours(1));
    reserve(table, next, target);
    var again = join(table, next, party(12, STRANGERS), target);
    assertThat(carried(table, next, again, party(12, STRANGERS))).isEqualTo(200);
    assertThat(of(table, next, STRANGERS).hour().now()).isEqualTo(200_000);
    assertThat(of(table, next, STRANGERS).hour().peak()).isEqualTo(250_000);
  }

  @Test
  void whoHasAnotherRealmWhenItRenewsNeedsAPlaceOfThatOne() {
    var table = table(HALF);
    for (int i = 1; i <= 4; i++) {
      reserve(table, party(i, STRANGERS));
    }
    reserve(table, party(9, GUESTS));
    var half = NOW.plus(LEASE.dividedBy(2));
    assertThat(refusal(table.reserve(half, party(9, STRANGERS)))).contains("of strangers");
    assertThat(of(table, half, GUESTS).reservations().now()).as("until its time is over").isOne();
    assertThat(of(table, NOW.plus(LEASE), GUESTS).reservations().now()).isZero();

    reserve(table, party(1, STRANGERS));
    reserve(table, party(1, GUESTS));
    assertThat(of(table, GUESTS).reservations().now()).isOne();
    assertThat(of(table, STRANGERS).reservations().now()).isZero();
    table.cancel(party(1, GUESTS).node());
    assertThat(of(table, GUESTS).reservations().now()).isZero();
    assertThat(of(table, STRANGERS).reservations().now()).as("nothing twice").isZero();
  }

  @Test
  void theHomeRealmMayHaveEverythingUnlessItIsLimitedToo() {
    var free = table(HALF);
    var limited = table(new RealmLimits(true, 0, 0, 0, 0));
    for (int i = 1; i <= 8; i++) {
      reserve(free, party(i, HOME));
    }
    assertThat(refusal(free.reserve(NOW, party(9, HOME))))
        .isEqualTo("this relay has 8 reservations");
    for (int i = 11; i <= 16; i++) {
      var _ = join(free, party(i, HOME), party(1, HOME));
    }
    var fast = table(HALF);
    reserve(fast, party(1, HOME));
    var circuit = join(fast, party(11, HOME), party(1, HOME));
    assertThat(carried(fast, NOW, circuit, party(11, HOME))).as("all of a second").isEqualTo(400);
    for (int i = 1; i <= 4; i++) {
      reserve(limited, party(i, HOME));
    }
    assertThat(refusal(limited.reserve(NOW, party(5, HOME))))
        .contains("reservations of the realm aaaa than 4");
    var slow = join(limited, party(11, HOME), party(1, HOME));
    assertThat(carried(limited, NOW, slow, party(11, HOME))).isEqualTo(200);
  }

  @Test
  void whatIsSaidHoldsInsteadOfHalf() {
    var table = table(new RealmLimits(false, 6, 1, 100 * KB, 0));
    for (int i = 1; i <= 6; i++) {
      reserve(table, party(i, STRANGERS));
    }
    assertThat(refusal(table.reserve(NOW, party(7, STRANGERS)))).contains("than 6");
    var circuit = join(table, party(11, STRANGERS), party(1, STRANGERS));
    assertThat(refusal(table.connect(NOW, party(12, STRANGERS), party(2, STRANGERS).node())))
        .contains("than 1");
    assertThat(carried(table, NOW, circuit, party(11, STRANGERS))).isEqualTo(100);
    assertThat(RelayLimits.DEFAULT.reservationsPerRealm()).isEqualTo(5_000);
    assertThat(RelayLimits.DEFAULT.circuitsPerRealm()).isEqualTo(2_048);
    assertThat(RelayLimits.DEFAULT.ratePerRealm()).isEqualTo(16 << 20);
    assertThatThrownBy(() -> new RealmLimits(false, 0, -1, 0, 0))
        .hasMessage("relay.max_circuits_per_realm is at least 0");
  }

  /** Whatever happens in whatever order, each realm is counted what it has, and never too much. */
  @Property(tries = 50)
  void countsAreWhatThereIs(@ForAll long seed) {
    var random = new SplittableRandom(seed);
    var table = table(HALF);
    var realms = List.of(HOME, GUESTS, STRANGERS);
    var places = new HashMap<Integer, RelayRealm>();
    var circuits = new HashMap<Long, Map.Entry<Integer, RelayRealm>>();
    for (int i = 0; i < 400; i++) {
      var party = party(random.nextInt(1, 14), realms.get(random.nextInt(3)));
      int number = party.node().bytes()[0];
      switch (random.nextInt(4)) {
        case 0 -> {
          if (table.reserve(NOW, party) instanceof Verdict.Granted<Duration>) {
            places.put(number, party.realm());
          }
        }
        case 1 -> {
          int target = random.nextInt(1, 14);
          var to = party(target, HOME).node();
          if (table.connect(NOW, party, to) instanceof Verdict.Granted<Joined>(var ids)) {
            circuits.put(ids.opener(), Map.entry(target, party.realm()));
          }
        }
        case 2 -> {
          table.cancel(party.node());
          places.remove(number);
          circuits.values().removeIf(circuit -> circuit.getKey() == number);
        }
        default ->
            circuits.keySet().stream()
                .findAny()
                .ifPresent(id -> {
                  table.disconnect(id);
                  circuits.remove(id);
                });
      }
      for (var use : table.look(NOW).realms()) {
        assertThat(use.reservations().now())
            .isEqualTo(places.values().stream().filter(use.realm()::equals).count())
            .isLessThanOrEqualTo(use.realm().home() ? 8 : 4);
        assertThat(use.circuits().now())
            .isEqualTo(
                circuits.values().stream()
                    .filter(circuit -> circuit.getValue().equals(use.realm()))
                    .count())
            .isLessThanOrEqualTo(use.realm().home() ? 6 : 3);
      }
      assertThat(table.look(NOW).reservations().now()).isEqualTo(places.size());
      assertThat(table.look(NOW).circuits().now()).isEqualTo(circuits.size());
    }
  }
}
