package dev.cis.transport.realm;

import java.util.Locale;

/** What a node may do in a realm. */
public enum Role {
  /** Connects, shares, speaks. */
  MEMBER,
  /** Also invites, rotates the key and revokes members. */
  ADMIN,
  /** Also makes and revokes admins; one node for the life of the realm. */
  FOUNDER;

  /** The word for it: {@code member}, {@code admin} or {@code founder}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether it may do what admins do. */
  public boolean isAdmin() {
    return this != MEMBER;
  }
}
