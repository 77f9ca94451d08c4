package dev.cis.transport.realm;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * How a realm stands: its keys and who was revoked. Signed by an admin, sent to members only.
 *
 * @param charter who the admins are
 * @param sequence grows with every change under one charter
 * @param keys the newest first, at most {@value #MAX_KEYS}
 * @param revoked who is out, whatever key they have; at most {@value #MAX_REVOKED}
 */
public record RealmDocument(
    Signed<Charter> charter, long sequence, List<RealmKey> keys, List<NodeId> revoked) {
  /** Signature domain. */
  public static final String DOMAIN = "cis-realm-document/1";

  /** Most keys, the newest one included. */
  public static final int MAX_KEYS = 4;

  /** Most revoked nodes. */
  public static final int MAX_REVOKED = 1024;

  static final int MAX_BYTES =
      64
          + Charter.MAX_SIGNED_BYTES
          + MAX_KEYS * (RealmKey.MAX_ENCODED + 4)
          + MAX_REVOKED * (NodeId.BYTES + 2);
  static final int MAX_SIGNED_BYTES = MAX_BYTES + 128;

  static final Codec<RealmDocument> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, RealmDocument document) {
          out.message(1, Charter.SIGNED, document.charter).uint(2, document.sequence);
          out.messages(3, RealmKey.CODEC, document.keys);
          document.revoked.forEach(node -> out.element(4, node.bytes()));
        }

        @Override
        public RealmDocument read(WireReader in) {
          Signed<Charter> charter = null;
          long sequence = 0;
          var keys = new ArrayList<RealmKey>();
          var revoked = new ArrayList<NodeId>();
          while (in.next()) {
            switch (in.field()) {
              case 1 -> charter = in.message(Charter.SIGNED, Charter.MAX_SIGNED_BYTES);
              case 2 -> sequence = in.uint(Long.MAX_VALUE);
              case 3 -> keys.add(in.message(RealmKey.CODEC, RealmKey.MAX_ENCODED));
              case 4 -> revoked.add(NodeId.of(in.exactly(NodeId.BYTES)));
              default -> in.skip();
            }
          }
          if (charter == null) {
            throw new Fault(RealmCode.BAD_DOCUMENT, "a realm document without a charter");
          }
          return new RealmDocument(charter, sequence, keys, revoked);
        }
      };

  /** The signed message; reading also checks that its charter lets the signer say it. */
  public static final Codec<Signed<RealmDocument>> SIGNED = new ByAnAdmin();

  /** Checks the parts. */
  public RealmDocument {
    keys = List.copyOf(keys);
    revoked = List.copyOf(revoked);
    if (sequence < 1 || keys.isEmpty() || keys.size() > MAX_KEYS) {
      throw new Fault(RealmCode.BAD_DOCUMENT, "a realm document has a sequence and 1 to 4 keys");
    }
    for (int i = 0; i < keys.size(); i++) {
      boolean newest = i == 0;
      var key = keys.get(i);
      if (newest
          ? key.until() != null || key.suspectSince() != null
          : key.until() == null || key.epoch() >= keys.get(i - 1).epoch()) {
        throw new Fault(RealmCode.BAD_DOCUMENT, "the keys of a realm document are in disorder");
      }
    }
    if (revoked.size() > MAX_REVOKED || new HashSet<>(revoked).size() != revoked.size()) {
      throw new Fault(
          RealmCode.TOO_MANY, "more than " + MAX_REVOKED + " revoked nodes, or one twice");
    }
  }

  /** The realm it is about. */
  public String realm() {
    return Charter.realm(charter);
  }

  Signed<RealmDocument> sign(KeyPair admin) {
    var signed = Signed.sign(admin, DOMAIN, CODEC, this);
    checkSigner(signed);
    return signed;
  }

  /** Whether the first document holds, not the second. */
  static boolean supersedes(Signed<RealmDocument> one, Signed<RealmDocument> other) {
    long a = one.value().charter.value().sequence();
    long b = other.value().charter.value().sequence();
    if (a != b) {
      return a > b;
    }
    if (one.value().sequence != other.value().sequence) {
      return one.value().sequence > other.value().sequence;
    }
    // Two admins at once: everybody prefers the same one, and its loser says it again.
    return Bytes.of(one.payload()).compareTo(Bytes.of(other.payload())) > 0;
  }

  private static void checkSigner(Signed<RealmDocument> signed) {
    var document = signed.value();
    var signer = signed.signer().nodeId();
    var role = Charter.role(document.charter, signer);
    if (!role.isAdmin()) {
      throw new Fault(
          RealmCode.BAD_DOCUMENT, signer.brief() + " signed a realm document and is no admin");
    }
    for (var node : document.revoked) {
      var victim = Charter.role(document.charter, node);
      if (victim.isAdmin()) {
        throw new Fault(
            RealmCode.BAD_DOCUMENT, "a realm document revokes " + node.brief() + ", an admin");
      }
    }
  }

  private static final class ByAnAdmin implements Codec<Signed<RealmDocument>> {
    private static final Codec<Signed<RealmDocument>> ANY_SIGNER =
        Signed.codec(DOMAIN, CODEC, MAX_BYTES);

    @Override
    public void write(WireWriter out, Signed<RealmDocument> message) {
      ANY_SIGNER.write(out, message);
    }

    @Override
    public Signed<RealmDocument> read(WireReader in) {
      var signed = ANY_SIGNER.read(in);
      checkSigner(signed);
      return signed;
    }
  }
}
