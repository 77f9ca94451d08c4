package dev.cis.nat.proto;

/**
 * What a relay gives at most to the nodes of one realm together, and as much to strangers, that is
 * to all nodes together which share no realm with it. It keeps one of them from using up what is
 * there for all.
 *
 * @param limitHome whether the limits of a realm, which follow, hold for this anchor's home realm
 *     too; else it may have all there is
 * @param maxReservationsPerRealm nodes of one realm that can be reached through this anchor at a
 *     time, and strangers; 0 for half of max_reservations
 * @param maxCircuitsPerRealm circuits that the nodes of one realm have opened, and strangers; 0 for
 *     half of max_circuits
 * @param realmRate bytes in a second that these circuits carry together; 0 for half of total_rate
 * @param realmBytesPerHour bytes in an hour that these circuits carry together; 0 for as many as
 *     realm_rate allows
 */
public record RealmLimits(
    boolean limitHome,
    int maxReservationsPerRealm,
    int maxCircuitsPerRealm,
    long realmRate,
    long realmBytesPerHour) {
  /** The defaults: half of everything, except for the home realm. */
  public static final RealmLimits DEFAULT = new RealmLimits(false, 0, 0, 0, 0);

  /** Checks every setting; the message names the key. */
  public RealmLimits {
    check(maxReservationsPerRealm, 0, "max_reservations_per_realm");
    check(maxCircuitsPerRealm, 0, "max_circuits_per_realm");
    check(realmRate, 0, "realm_rate");
    check(realmBytesPerHour, 0, "realm_bytes_per_hour");
  }

  static void check(long value, long least, String key) {
    if (value < least) {
      throw new IllegalArgumentException("relay." + key + " is at least " + least);
    }
  }
}
