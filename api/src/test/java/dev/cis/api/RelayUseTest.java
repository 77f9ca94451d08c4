package dev.cis.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.cis.nat.proto.RealmLimits;
import dev.cis.nat.proto.RelayLimits;
import dev.cis.nat.proto.RelayRealm;
import dev.cis.nat.proto.RelayTable.Look;
import dev.cis.nat.proto.RelayTable.RealmUse;
import dev.cis.nat.proto.RelayTable.Use;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How the limits of a relay are shown. */
class RelayUseTest {
  private static final Look LOOK =
      new Look(
          new Use(16, 20, 3),
          new Use(5, 9, 1),
          0,
          0,
          0,
          List.of(
              new RealmUse(
                  new RelayRealm("aa", true), new Use(9, 9, 0), new Use(4, 4, 0), use(), 0),
              new RealmUse(RelayRealm.STRANGERS, new Use(6, 7, 2), new Use(0, 0, 0), use(), 0),
              new RealmUse(
                  new RelayRealm("bb", false),
                  new Use(1, 8, 1),
                  new Use(1, 1, 1),
                  new Use(70, 80, 90),
                  0)));

  private static Use use() {
    return new Use(0, 0, 0);
  }

  private static List<Result.Limit> rows(RealmLimits realms) {
    return RelayUse.of(RelayLimits.DEFAULT.with(realms), LOOK, id -> "name of " + id);
  }

  @Test
  void theBusiestRealmOfThoseThatAreLimitedIsNamed() {
    assertThat(rows(RealmLimits.DEFAULT))
        .extracting(
            Result.Limit::key,
            Result.Limit::limit,
            Result.Limit::used,
            Result.Limit::peak,
            Result.Limit::refused,
            Result.Limit::busiest)
        .containsExactly(
            tuple("relay.max_reservations", 10_000L, 16L, 20L, 3L, null),
            tuple("relay.max_reservations_per_realm", 5_000L, 6L, 8L, 3L, "strangers"),
            tuple("relay.max_circuits", 4_096L, 5L, 9L, 1L, null),
            tuple("relay.max_circuits_per_realm", 2_048L, 1L, 1L, 1L, "name of bb"),
            tuple("relay.realm_bytes_per_hour", null, 70L, 80L, 90L, "name of bb"));
  }

  @Test
  void theHomeRealmIsAmongThemWhenItIsLimited() {
    var rows = rows(new RealmLimits(true, 10, 0, 0, 500));
    assertThat(rows.get(1).busiest()).isEqualTo("name of aa");
    assertThat(rows.get(1).limit()).isEqualTo(10);
    assertThat(rows.get(4).limit()).isEqualTo(500);
  }
}
