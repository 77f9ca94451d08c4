package dev.cis.transport.realm;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import dev.cis.transport.Address;
import dev.cis.transport.PeerLocator;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a node needs to join a realm, as one word to be sent to its operator. It holds
 * the realm's key: whoever reads it can join, so it belongs into no ticket, log or chat that others
 * read. The expiry binds honest software only; rotating the key makes old invitations worthless.
 *
 * @param charter of the realm
 * @param key the newest key when the invitation was made
 * @param grant what the invited node may become, and until when it may join
 * @param anchors members to connect to first, at most {@value #MAX_ANCHORS}
 */
public record Invitation(
    Signed<Charter> charter, RealmKey key, Signed<Grant> grant, List<PeerLocator> anchors) {
  /** Most addresses in it. */
  public static final int MAX_ANCHORS = 8;

  /** Longest text form. */
  public static final int MAX_TEXT = 8192;

  private static final String PREFIX = "cis-invite-";
  private static final String VERSION = "1.";
  private static final int CHECKSUM = 6;
  private static final int MAX_LOCATOR = 64 + Address.MAX_TEXT;

  static final Codec<Invitation> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Invitation invitation) {
          out.message(1, Charter.SIGNED, invitation.charter);
          out.message(2, RealmKey.CODEC, invitation.key);
          out.message(3, Grant.SIGNED, invitation.grant);
          out.strings(4, invitation.anchors.stream().map(PeerLocator::toString).toList());
        }

        @Override
        public Invitation read(WireReader in) {
          Signed<Charter> charter = null;
          RealmKey key = null;
          Signed<Grant> grant = null;
          var anchors = new ArrayList<PeerLocator>();
          while (in.next()) {
            switch (in.field()) {
              case 1 -> charter = in.message(Charter.SIGNED, Charter.MAX_SIGNED_BYTES);
              case 2 -> key = in.message(RealmKey.CODEC, RealmKey.MAX_ENCODED);
              case 3 -> grant = in.message(Grant.SIGNED, Grant.MAX_SIGNED_BYTES);
              case 4 -> anchors.add(PeerLocator.parse(in.string(MAX_LOCATOR)));
              default -> in.skip();
            }
          }
          if (charter == null || key == null || grant == null) {
            throw damaged("a part is missing", null);
          }
          return new Invitation(charter, key, grant, anchors);
        }
      };

  /** Checks that the parts belong together and an admin signed the grant. */
  public Invitation {
    anchors = List.copyOf(anchors);
    var inviter = Charter.role(charter, grant.signer().nodeId());
    if (!grant.value().realm().equals(Charter.realm(charter))
        || !inviter.isAdmin()
        || (grant.value().role() == Role.ADMIN && inviter != Role.FOUNDER)
        || anchors.size() > MAX_ANCHORS) {
      throw damaged("its parts do not belong together", null);
    }
  }

  /** The realm's id. */
  public String realm() {
    return grant.value().realm();
  }

  /** The realm's name. */
  public String name() {
    return charter.value().name();
  }

  /**
   * Reads the text form.
   *
   * @throws Fault {@code realm.bad-invitation}, {@code realm.invitation-version}
   */
  public static Invitation parse(String text) {
    var word = text.strip();
    if (!word.startsWith(PREFIX) || word.length() > MAX_TEXT) {
      throw damaged("an invitation begins with " + PREFIX + VERSION, null);
    }
    if (!word.startsWith(PREFIX + VERSION)) {
      throw new Fault(
          RealmCode.INVITATION_VERSION,
          "the invitation is not for this version of cis, which reads those that begin with "
              + PREFIX
              + VERSION);
    }
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(word.substring((PREFIX + VERSION).length()));
      if (bytes.length <= CHECKSUM) {
        throw damaged("it is cut off", null);
      }
      byte[] message = Arrays.copyOfRange(bytes, CHECKSUM, bytes.length);
      if (!MessageDigest.isEqual(checksum(message), Arrays.copyOf(bytes, CHECKSUM))) {
        throw damaged("its checksum is wrong; it is cut off or has a wrong character", null);
      }
      return CODEC.decode(message);
    } catch (IllegalArgumentException e) {
      throw damaged("it has a character that does not belong there", e);
    } catch (Fault e) {
      throw e.code() == RealmCode.BAD_INVITATION ? e : damaged(e.getMessage(), e);
    }
  }

  /** The text form: one word, a secret. */
  public String text() {
    byte[] message = CODEC.encode(this);
    byte[] bytes = Arrays.copyOf(checksum(message), CHECKSUM + message.length);
    System.arraycopy(message, 0, bytes, CHECKSUM, message.length);
    return PREFIX + VERSION + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static byte[] checksum(byte[] message) {
    try {
      return Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(message), CHECKSUM);
    } catch (NoSuchAlgorithmException e) {
      throw new Fault(KernelCode.DEFECT, "this Java has no SHA-256", e);
    }
  }

  private static Fault damaged(@Nullable String why, @Nullable Throwable cause) {
    return new Fault(RealmCode.BAD_INVITATION, "this is not a whole invitation: " + why, cause);
  }

  /** Names the realm, never the key. */
  @Override
  public String toString() {
    return "Invitation[" + name() + "]";
  }
}
