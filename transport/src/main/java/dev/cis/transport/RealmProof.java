package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The proof on one new link that both sides have the key of a realm. A tag is
 *
 * <pre>HMAC-SHA-256(key, "cis-realm/1" || role || length of realm id, one byte || realm id
 *     || NodeId of the dialler || NodeId of the acceptor
 *     || nonce of the dialler || nonce of the acceptor)</pre>
 *
 * where role is 1 for the dialler's tag and 2 for the acceptor's, so that neither can be sent back
 * as the other. The NodeIds are those that the TLS handshake has proved, so a tag is worth nothing
 * on a link of anybody else; the nonces are fresh, so it is worth nothing on a later link.
 *
 * <p>The acceptor shows first, to a dialler it does not know yet: one tag for each of its secrets,
 * shuffled, filled up with noise to a multiple of {@value #PADDING}. Who lacks the keys cannot tell
 * a tag from noise. The dialler answers with one tag for each realm that it recognised, and only
 * with those. Every tag is compared with every secret, whatever matched before, in constant time: a
 * wrong key takes as long as an unknown realm.
 */
final class RealmProof {
  static final int KEY_BYTES = 32;
  static final int NONCE_BYTES = 32;
  static final int TAG_BYTES = 32;

  /** The acceptor sends a multiple of so many tags. */
  static final int PADDING = 8;

  private static final byte[] DOMAIN = "cis-realm/1".getBytes(StandardCharsets.UTF_8);

  /** Whose tag it is. */
  enum Role {
    DIALLER(1),
    ACCEPTOR(2);

    private final byte octet;

    Role(int octet) {
      this.octet = (byte) octet;
    }
  }

  private final NodeId dialler;
  private final NodeId acceptor;
  private final Bytes diallerNonce;
  private final Bytes acceptorNonce;

  RealmProof(NodeId dialler, NodeId acceptor, Bytes diallerNonce, Bytes acceptorNonce) {
    this.dialler = dialler;
    this.acceptor = acceptor;
    this.diallerNonce = diallerNonce;
    this.acceptorNonce = acceptorNonce;
  }

  static Bytes nonce(Random random) {
    var nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    return Bytes.of(nonce);
  }

  /** The tag of one secret. */
  Bytes tag(Role role, Admission.Secret secret) {
    byte[] realm = secret.realm().getBytes(StandardCharsets.UTF_8);
    var input =
        ByteBuffer.allocate(DOMAIN.length + 2 + realm.length + 2 * NodeId.BYTES + 2 * NONCE_BYTES)
            .put(DOMAIN)
            .put(role.octet)
            .put((byte) realm.length)
            .put(realm)
            .put(dialler.bytes())
            .put(acceptor.bytes())
            .put(diallerNonce.toByteArray())
            .put(acceptorNonce.toByteArray());
    try {
      var mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.key().toByteArray(), "HmacSHA256"));
      return Bytes.of(mac.doFinal(input.array()));
    } catch (GeneralSecurityException e) {
      throw new Fault(KernelCode.DEFECT, "this Java has no HMAC-SHA-256", e);
    }
  }

  /** What the acceptor shows to whoever dialled. */
  List<Bytes> shown(List<Admission.Secret> secrets, Random random) {
    var tags = new ArrayList<Bytes>();
    secrets.stream()
        .limit(Admission.MAX_SECRETS)
        .forEach(secret -> tags.add(tag(Role.ACCEPTOR, secret)));
    int size = Math.max(1, (tags.size() + PADDING - 1) / PADDING) * PADDING;
    while (tags.size() < size) {
      var noise = new byte[TAG_BYTES];
      random.nextBytes(noise);
      tags.add(Bytes.of(noise));
    }
    Collections.shuffle(tags, random);
    return tags;
  }

  /**
   * The realms of which a tag shows the key, each with the first secret that matched.
   *
   * @param role whose tags they are
   */
  Map<String, Admission.Secret> recognised(
      Role role, List<Admission.Secret> secrets, List<Bytes> tags) {
    var found = new LinkedHashMap<String, Admission.Secret>();
    secrets.stream()
        .limit(Admission.MAX_SECRETS)
        .forEach(secret -> {
          byte[] expected = tag(role, secret).toByteArray();
          boolean match = false;
          for (var tag : tags) {
            match |= MessageDigest.isEqual(expected, tag.toByteArray());
          }
          if (match) {
            found.putIfAbsent(secret.realm(), secret);
          }
        });
    return found;
  }
}
