package dev.cis.api;

import dev.cis.nat.proto.RelayLimits;
import dev.cis.nat.proto.RelayRealm;
import dev.cis.nat.proto.RelayTable.Look;
import dev.cis.nat.proto.RelayTable.RealmUse;
import dev.cis.nat.proto.RelayTable.Use;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The limits of an anchor's relay and how they stand; those of each realm by the busiest one. */
final class RelayUse {
  private final RelayLimits limits;
  private final Look look;
  private final Function<String, String> names;

  private RelayUse(RelayLimits limits, Look look, Function<String, String> names) {
    this.limits = limits;
    this.look = look;
    this.names = names;
  }

  /**
   * For 'cis p2p limits'.
   *
   * @param names what people call the realm of an id
   */
  static List<Result.Limit> of(RelayLimits limits, Look look, Function<String, String> names) {
    var use = new RelayUse(limits, look, names);
    long hourly = limits.hourPerRealm();
    return List.of(
        limit(
            "places at our relay",
            "relay.max_reservations",
            "nodes",
            (long) limits.maxReservations(),
            look.reservations(),
            null),
        use.busiest(
            "places at our relay of one realm",
            "relay.max_reservations_per_realm",
            "nodes",
            (long) limits.reservationsPerRealm(),
            RealmUse::reservations),
        limit(
            "relayed pairs",
            "relay.max_circuits",
            "pairs",
            (long) limits.maxCircuits(),
            look.circuits(),
            null),
        use.busiest(
            "relayed pairs of one realm",
            "relay.max_circuits_per_realm",
            "pairs",
            (long) limits.circuitsPerRealm(),
            RealmUse::circuits),
        use.busiest(
            "relayed in an hour for one realm",
            "relay.realm_bytes_per_hour",
            "bytes",
            hourly == Long.MAX_VALUE ? null : (Long) hourly,
            RealmUse::hour));
  }

  private Result.Limit busiest(
      String name, String key, String unit, @Nullable Long limit, Function<RealmUse, Use> part) {
    var limited =
        look.realms().stream()
            .filter(use -> !use.realm().home() || limits.realms().limitHome())
            .toList();
    var most =
        limited.stream().max(Comparator.comparingLong(use -> part.apply(use).now())).orElse(null);
    long peak = limited.stream().mapToLong(use -> part.apply(use).peak()).max().orElse(0);
    long refused = limited.stream().mapToLong(use -> part.apply(use).refused()).sum();
    long now = most == null ? 0 : part.apply(most).now();
    return limit(name, key, unit, limit, new Use(now, peak, refused), now == 0 ? null : of(most));
  }

  private @Nullable String of(@Nullable RealmUse use) {
    if (use == null) {
      return null;
    }
    return use.realm().equals(RelayRealm.STRANGERS) ? "strangers" : names.apply(use.realm().id());
  }

  private static Result.Limit limit(
      String name,
      String key,
      String unit,
      @Nullable Long limit,
      Use use,
      @Nullable String busiest) {
    return new Result.Limit(name, key, unit, limit, use.now(), use.peak(), use.refused(), busiest);
  }
}
