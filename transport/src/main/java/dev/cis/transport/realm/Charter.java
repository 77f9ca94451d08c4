package dev.cis.transport.realm;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.PublicKey;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The founder's word about a realm. Together with the founder's public key, name and salt are what
 * the realm's id is a hash of, so a charter proves itself to everybody who has the id.
 *
 * @param name what people call the realm
 * @param salt 16 random bytes, so that one founder may have several realms of one name
 * @param sequence grows with every change of the admins; the higher one holds
 * @param admins who may sign documents besides the founder, at most {@value #MAX_ADMINS}
 */
public record Charter(String name, Bytes salt, long sequence, List<NodeId> admins) {
  /** Signature domain. */
  public static final String DOMAIN = "cis-realm-charter/1";

  /** Most admins besides the founder. */
  public static final int MAX_ADMINS = 32;

  static final int SALT_BYTES = 16;
  static final int ID_BYTES = 16;
  static final int MAX_NAME = 64;
  static final int MAX_BYTES = 64 + MAX_NAME + MAX_ADMINS * (NodeId.BYTES + 2);
  static final int MAX_SIGNED_BYTES = MAX_BYTES + 128;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final byte[] ID_DOMAIN = "cis-realm-id/1".getBytes(StandardCharsets.UTF_8);

  static final Codec<Charter> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Charter charter) {
          out.string(1, charter.name).bytes(2, charter.salt.toByteArray());
          out.uint(3, charter.sequence);
          charter.admins.forEach(admin -> out.element(4, admin.bytes()));
        }

        @Override
        public Charter read(WireReader in) {
          var name = "";
          var salt = Bytes.EMPTY;
          long sequence = 0;
          var admins = new ArrayList<NodeId>();
          while (in.next()) {
            switch (in.field()) {
              case 1 -> name = in.string(MAX_NAME);
              case 2 -> salt = Bytes.of(in.exactly(SALT_BYTES));
              case 3 -> sequence = in.uint(Long.MAX_VALUE);
              case 4 -> admins.add(NodeId.of(in.exactly(NodeId.BYTES)));
              default -> in.skip();
            }
          }
          return new Charter(name, salt, sequence, admins);
        }
      };

  /** The signed message; the signer is the founder of whatever realm it is the charter of. */
  public static final Codec<Signed<Charter>> SIGNED = Signed.codec(DOMAIN, CODEC, MAX_BYTES);

  /** Checks the parts. */
  public Charter {
    admins = List.copyOf(admins);
    if (!isName(name)) {
      throw new Fault(RealmCode.BAD_NAME, "'" + printable(name) + "' is no name of a realm");
    }
    if (salt.size() != SALT_BYTES || sequence < 1) {
      throw new Fault(RealmCode.BAD_DOCUMENT, "a charter without salt or sequence");
    }
    if (admins.size() > MAX_ADMINS || new HashSet<>(admins).size() != admins.size()) {
      throw new Fault(RealmCode.TOO_MANY, "more than " + MAX_ADMINS + " admins, or one twice");
    }
  }

  Signed<Charter> sign(KeyPair founder) {
    return Signed.sign(founder, DOMAIN, CODEC, this);
  }

  static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  private static String printable(String text) {
    return text.substring(0, Math.min(80, text.length())).replaceAll("\\p{Cntrl}", "?");
  }

  /** The id of the realm that this is a charter of: 32 hexadecimal digits. */
  public static String realm(Signed<Charter> charter) {
    return realm(charter.signer(), charter.value());
  }

  private static String realm(PublicKey founder, Charter charter) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      digest.update(ID_DOMAIN);
      digest.update(founder.bytes());
      byte[] name = charter.name.getBytes(StandardCharsets.UTF_8);
      digest.update((byte) name.length);
      digest.update(name);
      digest.update(charter.salt.toByteArray());
      return HexFormat.of().formatHex(Arrays.copyOf(digest.digest(), ID_BYTES));
    } catch (NoSuchAlgorithmException e) {
      throw new Fault(KernelCode.DEFECT, "this Java has no SHA-256", e);
    }
  }

  /** What the node may do by this charter. */
  public static Role role(Signed<Charter> charter, NodeId node) {
    return charter.signer().nodeId().equals(node)
        ? Role.FOUNDER
        : charter.value().admins.contains(node) ? Role.ADMIN : Role.MEMBER;
  }
}
