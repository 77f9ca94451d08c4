package dev.cis.transport.realm;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Kind;

/** The codes of realms and their admission. */
public enum RealmCode implements Code {
  BAD_NAME(
      "realm.bad-name",
      Kind.INVALID,
      "A realm's name has 1 to 64 letters, digits, '.', '_' and '-'."),
  BAD_INVITATION(
      "realm.bad-invitation",
      Kind.INVALID,
      "The text is not a whole invitation; copy it again from its first to its last character."),
  INVITATION_VERSION(
      "realm.invitation-version",
      Kind.INVALID,
      "The invitation was made by another version of cis that this one does not understand."),
  INVITATION_EXPIRED(
      "realm.invitation-expired",
      Kind.DENIED,
      "The invitation is not good any more; ask for a new one."),
  NOT_ADMIN(
      "realm.not-admin",
      Kind.DENIED,
      "Only an admin of the realm may do that, and only the founder may make or revoke admins."),
  UNKNOWN(
      "realm.unknown",
      Kind.NOT_FOUND,
      "This node is in no realm of that name or id; see 'cis p2p realm list'."),
  EXISTS(
      "realm.exists",
      Kind.CONFLICT,
      "This node has a realm of that name already; choose another name or use the id."),
  TOO_MANY(
      "realm.too-many",
      Kind.EXHAUSTED,
      "A limit on realms, admins or revoked nodes is reached; the message names it."),
  CANNOT_REVOKE(
      "realm.cannot-revoke",
      Kind.INVALID,
      "The founder of a realm cannot be revoked, and nobody revokes itself."),
  BAD_DOCUMENT(
      "realm.bad-document",
      Kind.INVALID,
      "A realm document contradicts itself or was not signed by an admin of its realm."),
  CORRUPT(
      "realm.corrupt",
      Kind.CORRUPT,
      "The file of realms is damaged; restore it from a backup, or move it away and join again."),
  INSECURE_FILE(
      "realm.insecure-file",
      Kind.DENIED,
      "Other users of this machine can read the keys of the realms; take the right away."),
  STORE_FAILED(
      "realm.store-failed",
      Kind.INTERNAL,
      "The file of realms cannot be read or written; the message says why."),
  CANNOT_LEAVE(
      "realm.cannot-leave",
      Kind.CONFLICT,
      "A node keeps one realm at least, and whoever leaves its home says which one is home then."),
  BAD_ACCESS(
      "realm.bad-access",
      Kind.INVALID,
      "An entry of access.allow or access.deny is not a NodeId, or the change contradicts them.");

  private final String text;
  private final Kind kind;
  private final String help;

  RealmCode(String text, Kind kind, String help) {
    this.text = text;
    this.kind = kind;
    this.help = help;
  }

  @Override
  public String text() {
    return text;
  }

  @Override
  public Kind kind() {
    return kind;
  }

  @Override
  public String help() {
    return help;
  }
}
