package dev.cis.nat.proto;

import dev.cis.nat.proto.RelayTable.Use;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What one realm uses of a relay, and how much it may. Not thread-safe. */
final class RealmQuota {
  private final RelayRealm realm;
  private final int mostReservations;
  private final int mostCircuits;
  private final ByteRate rate;
  private final HourlyBytes hour;
  private final long mostInHour;
  private long refusedForHour;
  private long dropped;

  /** What there is; the table adds and removes. */
  final Tally reservations = new Tally();

  final Tally circuits = new Tally();

  RealmQuota(RelayRealm realm, RelayLimits limits, Duration uptime) {
    boolean limited = !realm.home() || limits.realms().limitHome();
    this.realm = realm;
    this.mostReservations = limited ? limits.reservationsPerRealm() : Integer.MAX_VALUE;
    this.mostCircuits = limited ? limits.circuitsPerRealm() : Integer.MAX_VALUE;
    long perSecond = limited ? limits.ratePerRealm() : Long.MAX_VALUE;
    this.rate = new ByteRate(perSecond, RelayLimits.burst(perSecond));
    this.mostInHour = limited ? limits.hourPerRealm() : Long.MAX_VALUE;
    this.hour = new HourlyBytes(mostInHour, uptime);
  }

  /** Why there can be no further reservation; null if there can. Counts the refusal. */
  @Nullable String fullOfReservations() {
    if (reservations.now() < mostReservations) {
      return null;
    }
    reservations.refuse();
    return "no more reservations of %s than %d here (relay.max_reservations_per_realm)"
        .formatted(realm.text(), mostReservations);
  }

  /** Why there can be no further circuit; null if there can. Counts the refusal. */
  @Nullable String fullOfCircuits(Duration uptime) {
    if (circuits.now() >= mostCircuits) {
      circuits.refuse();
      return "no more circuits of %s than %d here (relay.max_circuits_per_realm)"
          .formatted(realm.text(), mostCircuits);
    }
    if (!hour.has(uptime, 1)) {
      refusedForHour++;
      return "the circuits of %s have carried %d bytes within the hour (relay.realm_bytes_per_hour)"
          .formatted(realm.text(), mostInHour);
    }
    return null;
  }

  /** Whether so many bytes more may be carried. Counts the refusal. */
  boolean carries(Duration uptime, int bytes) {
    if (!hour.has(uptime, bytes)) {
      refusedForHour++;
      return false;
    }
    boolean fits = rate.has(uptime, bytes);
    dropped += fits ? 0 : 1;
    return fits;
  }

  void take(int bytes) {
    hour.take(bytes);
    rate.take(bytes);
  }

  /** Whether forgetting it takes nothing from anybody and gives nothing away. */
  boolean isIdle(Duration uptime) {
    return reservations.now() == 0 && circuits.now() == 0 && hour.carried(uptime) == 0;
  }

  RelayTable.RealmUse look(Duration uptime) {
    return new RelayTable.RealmUse(
        realm,
        reservations.use(),
        circuits.use(),
        new Use(hour.carried(uptime), hour.peak(), refusedForHour),
        dropped);
  }
}
