package dev.cis.dht.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What a node must show before anything is kept for it: a token that we gave it a moment ago, good
 * for its own id at its own address only (BEP 5, "get_peers"). So nobody stores in the name of
 * another, and nobody without having asked first. We remember nothing but two secrets.
 */
final class Tokens {
  /** Length of a token in bytes. */
  static final int BYTES = 16;

  private static final int SECRET_BYTES = 32;
  private static final String ALGORITHM = "HmacSHA256";

  private final RandomGenerator random;
  private final Duration rotateEvery;
  private byte[] secret;
  private byte[] previous;
  private Duration rotatedAt = Duration.ZERO;

  /** A token is good for {@code rotateEvery} at least and for twice that at most. */
  Tokens(RandomGenerator random, Duration rotateEvery) {
    this.random = random;
    this.rotateEvery = rotateEvery;
    this.secret = fresh();
    this.previous = fresh();
  }

  /** A token for this node at this host. */
  Bytes issue(Duration now, NodeId node, String host) {
    rotate(now);
    return Bytes.of(token(secret, node, host));
  }

  /** Whether we issued it for this node at this host not long ago. */
  boolean accepts(Duration now, Bytes token, NodeId node, String host) {
    rotate(now);
    byte[] shown = token.toByteArray();
    return MessageDigest.isEqual(shown, token(secret, node, host))
        || MessageDigest.isEqual(shown, token(previous, node, host));
  }

  private void rotate(Duration now) {
    var age = now.minus(rotatedAt);
    if (age.compareTo(rotateEvery) < 0) {
      return;
    }
    previous = age.compareTo(rotateEvery.multipliedBy(2)) < 0 ? secret : fresh();
    secret = fresh();
    rotatedAt = now;
  }

  private byte[] fresh() {
    var bytes = new byte[SECRET_BYTES];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] token(byte[] secret, NodeId node, String host) {
    try {
      var mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(secret, ALGORITHM));
      mac.update(node.bytes());
      return Arrays.copyOf(mac.doFinal(host.getBytes(StandardCharsets.UTF_8)), BYTES);
    } catch (GeneralSecurityException e) {
      throw new Fault(KernelCode.DEFECT, "this Java has no HMAC-SHA-256", e);
    }
  }
}
