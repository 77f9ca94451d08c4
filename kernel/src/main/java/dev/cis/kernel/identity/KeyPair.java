package dev.cis.kernel.identity;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import java.util.random.RandomGenerator;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/**
 * An Ed25519 key pair. The private part is the 32-byte seed of RFC 8032 section 5.1.5. Signing uses
 * Bouncy Castle's lightweight API, ten times as fast as the JDK's.
 */
public final class KeyPair {
  /** Length of the seed in bytes. */
  public static final int SEED_BYTES = Ed25519.SECRET_KEY_SIZE;

  private final Ed25519PrivateKeyParameters secret;
  private final PublicKey publicKey;

  private KeyPair(byte[] seed) {
    this.secret = new Ed25519PrivateKeyParameters(seed);
    this.publicKey = PublicKey.of(secret.generatePublicKey().getEncoded());
  }

  /** A new key pair; {@code random} is a {@code SecureRandom} everywhere but in simulations. */
  public static KeyPair generate(RandomGenerator random) {
    var seed = new byte[SEED_BYTES];
    random.nextBytes(seed);
    return new KeyPair(seed);
  }

  /** The key pair with this 32-byte seed. */
  public static KeyPair ofSeed(byte[] seed) {
    if (seed.length != SEED_BYTES) {
      throw new Fault(
          KernelCode.BAD_IDENTITY, "an Ed25519 private key has 32 bytes, not " + seed.length);
    }
    return new KeyPair(seed);
  }

  /** The public part. */
  public PublicKey publicKey() {
    return publicKey;
  }

  /** The node that has this key. */
  public NodeId nodeId() {
    return publicKey.nodeId();
  }

  /** The 64-byte signature over the message. */
  public byte[] sign(byte[] message) {
    var signature = new byte[PublicKey.SIGNATURE_BYTES];
    secret.sign(Ed25519.Algorithm.Ed25519, null, message, 0, message.length, signature, 0);
    return signature;
  }

  /** A copy of the secret seed, for writing it to its file. */
  public byte[] seed() {
    return secret.getEncoded();
  }

  /** Says whose key it is, never the secret. */
  @Override
  public String toString() {
    return "KeyPair[" + nodeId().brief() + "]";
  }
}
