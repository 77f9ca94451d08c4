package dev.cis.discovery.proto;

import java.util.Locale;

/** Where a candidate comes from, best first. */
public enum Source {
  /** It announces itself on the LAN. */
  MDNS,
  /** It is on the bootstrap list. */
  BOOTSTRAP,
  /** A user added it; the swarm keeps it connected. */
  MANUAL,
  /** It says at the meeting place of our realm that it is a member. */
  RENDEZVOUS,
  /** It was connected before this node's last start. */
  REMEMBERED;

  /** The name for people. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
