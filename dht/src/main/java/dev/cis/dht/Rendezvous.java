package dev.cis.dht;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Where the members of a realm meet by a name: each provides the place of the namespace, and finds
 * the others there. Who has not the realm's key can neither tell which place belongs to which name
 * nor find the members of a name that it knows.
 */
public final class Rendezvous {
  /** Longest namespace in bytes of UTF-8. */
  public static final int MAX_NAMESPACE = 256;

  private static final String DOMAIN = "cis-rendezvous/1";
  private static final String OPEN = "cis-open-realm";

  private Rendezvous() {}

  /**
   * The place of a namespace: HMAC-SHA-256 under the realm's key of {@code cis-rendezvous/1}, a
   * zero byte and the namespace. A realm whose key was changed meets at the places of its older
   * keys, too, as long as they count.
   *
   * @param realmKey the key of the realm; empty for the open realm, whose places everybody knows
   * @throws Fault {@code dht.too-large}, or {@code kernel.malformed} for an empty namespace
   */
  public static NodeId place(Bytes realmKey, String namespace) {
    byte[] name = namespace.getBytes(StandardCharsets.UTF_8);
    if (name.length == 0) {
      throw new Fault(KernelCode.MALFORMED, "a namespace has at least one character");
    }
    if (name.length > MAX_NAMESPACE) {
      throw new Fault(
          DhtCode.TOO_LARGE, "a namespace of " + name.length + " bytes, limit " + MAX_NAMESPACE);
    }
    var key = realmKey.isEmpty() ? Bytes.utf8(OPEN) : realmKey;
    try {
      var mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.toByteArray(), "HmacSHA256"));
      mac.update(DOMAIN.getBytes(StandardCharsets.UTF_8));
      mac.update((byte) 0);
      return NodeId.of(mac.doFinal(name));
    } catch (GeneralSecurityException e) {
      throw new Fault(KernelCode.DEFECT, "this Java has no HMAC-SHA-256", e);
    }
  }
}
