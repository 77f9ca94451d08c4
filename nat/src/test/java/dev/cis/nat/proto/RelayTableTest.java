package dev.cis.nat.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.NodeId;
import dev.cis.nat.proto.RelayTable.Forward;
import dev.cis.nat.proto.RelayTable.Party;
import dev.cis.nat.proto.RelayTable.Use;
import dev.cis.nat.proto.RelayTable.Verdict;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RelayTableTest {
  private static final Duration NOW = Duration.ofHours(5);
  private static final RelayLimits LIMITS =
      new RelayLimits(
          Duration.ofMinutes(10),
          20,
          10,
          12,
          3,
          5,
          10_000,
          100_000,
          1_000_000,
          RealmLimits.DEFAULT);

  private final RelayTable table = new RelayTable(LIMITS, new SplittableRandom(1)::nextLong);

  private static NodeId node(int number) {
    var bytes = new byte[NodeId.BYTES];
    Arrays.fill(bytes, (byte) number);
    return NodeId.of(bytes);
  }

  private static Endpoint home(int number) {
    return PunchWorld.at(198, 51, number, 1, 7677);
  }

  private static Party party(int number) {
    return party(number, home(number));
  }

  private static Party party(int number, Endpoint at) {
    return new Party(node(number), new RelayRealm("ours", true), at);
  }

  private RelayTable.Joined join(int from, int to) {
    return ((Verdict.Granted<RelayTable.Joined>) table.connect(NOW, party(from), node(to))).value();
  }

  private String refusal(Verdict<?> verdict) {
    return ((Verdict.Refused<?>) verdict).reason();
  }

  @Test
  void reservationsRunOutInWhateverOrderTheyWereMadeAndRenewed() {
    var lease = LIMITS.lease();
    for (int i = 1; i <= 3; i++) {
      var _ = table.reserve(NOW.plusMinutes(i), party(i));
    }
    var _ = table.reserve(NOW.plusMinutes(9), party(1)); // the first to end is renewed
    var _ = join(4, 2);
    assertThat(table.look(NOW.plusMinutes(2).plus(lease)).reservations().now()).isEqualTo(2);
    assertThat(table.look(NOW.plusMinutes(2).plus(lease)).circuits().now()).isZero();
    assertThat(table.look(NOW.plusMinutes(3).plus(lease)).reservations().now()).isEqualTo(1);
    assertThat(table.look(NOW.plusMinutes(9).plus(lease)).reservations().now()).isZero();
    var _ = table.reserve(NOW.plusMinutes(40), party(5)); // behind a time with none
    assertThat(table.look(NOW.plusMinutes(40).plus(lease)).reservations().now()).isZero();
  }

  @Test
  void aCircuitCarriesBothWaysBetweenTheTwoAddressesAndNobodyElse() {
    assertThat(table.reserve(NOW, party(1)))
        .isEqualTo(new Verdict.Granted<>(Duration.ofMinutes(10)));
    var ids = join(2, 1);
    assertThat(table.forward(NOW, ids.opener(), home(2), 1_000))
        .contains(new Forward(home(1), ids.target()));
    assertThat(table.forward(NOW, ids.target(), home(1), 1_000))
        .contains(new Forward(home(2), ids.opener()));
    assertThat(table.forward(NOW, ids.opener(), home(3), 1_000)).as("a spoofer").isEmpty();
    assertThat(table.forward(NOW, ids.target(), home(2), 1_000)).as("the other end").isEmpty();
    assertThat(table.forward(NOW, 12_345, home(2), 1_000)).as("no circuit").isEmpty();
    table.disconnect(ids.target());
    assertThat(table.forward(NOW, ids.opener(), home(2), 1_000)).isEmpty();
    var look = table.look(NOW);
    assertThat(look.reservations()).isEqualTo(new Use(1, 1, 0));
    assertThat(look.circuits()).isEqualTo(new Use(0, 1, 0));
    assertThat(look.forwarded()).isEqualTo(2);
    assertThat(look.dropped()).isZero();
    assertThat(look.strays()).isEqualTo(4);
  }

  @Test
  void nobodyIsReachedWithoutAReservationThatHolds() {
    assertThat(refusal(table.connect(NOW, party(2), node(1)))).isEqualTo(RelayTable.NO_RESERVATION);
    table.reserve(NOW, party(1));
    var ids = join(2, 1);
    var later = NOW.plus(Duration.ofMinutes(10));
    assertThat(table.look(later).reservations().now()).isZero();
    assertThat(table.forward(later, ids.opener(), home(2), 10)).isEmpty();
    assertThat(refusal(table.connect(later, party(2), node(1))))
        .isEqualTo(RelayTable.NO_RESERVATION);
    table.reserve(NOW, party(3));
    assertThat(refusal(table.connect(NOW, party(3), node(3)))).contains("two nodes");
  }

  @Test
  void whoMovedIsFollowedWhenItRenews() {
    table.reserve(NOW, party(1));
    var ids = join(2, 1);
    table.reserve(NOW.plusSeconds(1), party(1, home(9)));
    assertThat(table.forward(NOW.plusSeconds(2), ids.opener(), home(2), 10))
        .contains(new Forward(home(9), ids.target()));
    assertThat(table.forward(NOW.plusSeconds(2), ids.target(), home(1), 10)).isEmpty();
  }

  @Test
  void whoHasMovedIsFollowedAtOnceAtBothEndsOfItsCircuits() {
    table.reserve(NOW, party(1));
    table.reserve(NOW, party(2));
    var ids = join(2, 1);
    var back = join(1, 2);
    table.moved(node(1), home(9));
    assertThat(table.forward(NOW, ids.opener(), home(2), 10))
        .contains(new Forward(home(9), ids.target()));
    assertThat(table.forward(NOW, ids.target(), home(1), 10)).as("where it was").isEmpty();
    assertThat(table.forward(NOW, back.opener(), home(9), 10))
        .contains(new Forward(home(2), back.target()));
    assertThat(table.forward(NOW, back.target(), home(2), 10))
        .contains(new Forward(home(9), back.opener()));
    assertThat(table.reserve(NOW.plusSeconds(1), party(3, home(9))))
        .isInstanceOf(Verdict.Granted.class);
    var later = NOW.plus(Duration.ofMinutes(10));
    assertThat(table.look(later).reservations().now()).as("a move prolongs nothing").isEqualTo(1);
  }

  @Test
  void reservationsAreLimitedTogetherAndPerNetwork() {
    for (int i = 0; i < 10; i++) {
      assertThat(table.reserve(NOW, party(i, PunchWorld.at(10, 1, 1, i, 1))))
          .isInstanceOf(Verdict.Granted.class);
    }
    assertThat(refusal(table.reserve(NOW, party(11, PunchWorld.at(10, 1, 1, 99, 1)))))
        .contains("your network has 10");
    assertThat(table.reserve(NOW, party(3, PunchWorld.at(10, 1, 1, 3, 1))))
        .as("a renewal")
        .isInstanceOf(Verdict.Granted.class);
    for (int i = 20; i < 30; i++) {
      assertThat(table.reserve(NOW, party(i))).isInstanceOf(Verdict.Granted.class);
    }
    assertThat(refusal(table.reserve(NOW, party(40)))).contains("has 20 reservations");
    table.cancel(node(20));
    assertThat(table.reserve(NOW, party(40))).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void circuitsAreLimitedPerNodePerNetworkAndTogether() {
    for (int i = 1; i <= 8; i++) {
      table.reserve(NOW, party(i));
    }
    for (int to = 1; to <= 3; to++) {
      join(50, to);
    }
    assertThat(refusal(table.connect(NOW, party(50), node(4)))).contains("you have 3");
    join(51, 1);
    join(52, 1);
    assertThat(refusal(table.connect(NOW, party(53), node(1)))).contains("that node has 3");
    var here = PunchWorld.at(10, 2, 2, 2, 9);
    for (int i = 60; i < 65; i++) {
      assertThat(table.connect(NOW, party(i, here), node(i - 56)))
          .isInstanceOf(Verdict.Granted.class);
    }
    assertThat(refusal(table.connect(NOW, party(66, here), node(5))))
        .contains("your network has 5");
    join(70, 5);
    join(71, 6);
    assertThat(refusal(table.connect(NOW, party(72), node(7)))).contains("12 circuits");
    table.cancel(node(1));
    assertThat(table.look(NOW).circuits())
        .isEqualTo(new Use(9, 12, 4)); // of 12, three led to the first node
    join(50, 4);
  }

  @Test
  void whatIsTooMuchIsDroppedAndComesBackWithTime() {
    table.reserve(NOW, party(1));
    var ids = join(2, 1);
    int carried = 0;
    for (int i = 0; i < 100; i++) {
      carried += table.forward(NOW, ids.opener(), home(2), 1_000).isPresent() ? 1 : 0;
    }
    assertThat(carried).as("the burst").isEqualTo(65);
    carried = 0;
    for (int i = 0; i < 100; i++) {
      carried +=
          table.forward(NOW.plusSeconds(1), ids.target(), home(1), 1_000).isPresent() ? 1 : 0;
    }
    assertThat(carried).as("a second of the rate").isEqualTo(10);
    assertThat(table.look(NOW).dropped()).isEqualTo(125);
  }

  @Test
  void anHourHasItsEnd() {
    table.reserve(NOW, party(1));
    var ids = join(2, 1);
    int carried = 0;
    for (int second = 0; second < 60; second++) {
      for (int i = 0; i < 20; i++) {
        carried +=
            table.forward(NOW.plusSeconds(second), ids.opener(), home(2), 1_000).isPresent()
                ? 1
                : 0;
      }
    }
    assertThat(carried).isEqualTo(100);
    assertThat(refusal(table.connect(NOW, party(2), node(1)))).contains("within the hour");
    var later = NOW.plus(Duration.ofHours(1));
    table.reserve(later, party(1));
    assertThat(table.connect(later, party(2), node(1))).isInstanceOf(Verdict.Granted.class);
  }
}
