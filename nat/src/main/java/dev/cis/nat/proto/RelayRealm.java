package dev.cis.nat.proto;

import dev.cis.transport.Admission;
import java.util.Comparator;
import java.util.Set;

/**
 * On whose account a node uses a relay. The relay takes it from the realms that both have proved on
 * their connection, never from what the node says.
 *
 * @param id of the realm, empty for the open one, {@link Admission#ANCHOR_REALM} for all strangers
 *     together
 * @param home whether it is the relay's home realm
 */
public record RelayRealm(String id, boolean home) {
  /** Nodes that share no realm with the relay but such as anybody can prove. */
  public static final RelayRealm STRANGERS = new RelayRealm(Admission.ANCHOR_REALM, false);

  /**
   * Who pays for a node: the relay's home realm if they share it, else the first by id of the
   * others that they share. The open realm and that of anchors do not count, their keys are public.
   *
   * @param proved ids of the realms that both have proved
   * @param home id of the relay's home realm
   */
  public static RelayRealm of(Set<String> proved, String home) {
    if (proved.contains(home)) {
      return new RelayRealm(home, true);
    }
    return proved.stream()
        .filter(id -> !id.equals(Admission.OPEN_REALM) && !id.equals(Admission.ANCHOR_REALM))
        .min(Comparator.naturalOrder())
        .map(id -> new RelayRealm(id, false))
        .orElse(STRANGERS);
  }

  /** For those who are in it. */
  String text() {
    if (equals(STRANGERS)) {
      return "strangers";
    }
    return id.equals(Admission.OPEN_REALM) ? "the open realm" : "the realm " + id;
  }
}
