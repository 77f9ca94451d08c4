package dev.cis.deploy.trust;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.Optional;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.crypto.CryptoException;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.engines.RSABlindedEngine;
import org.bouncycastle.crypto.generators.RSAKeyPairGenerator;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.RSAKeyGenerationParameters;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.params.RSAPrivateCrtKeyParameters;
import org.bouncycastle.crypto.signers.PSSSigner;
import org.bouncycastle.crypto.util.PrivateKeyFactory;

/**
 * The private key of a publisher. Its file is PKCS#8 PEM without a password ({@code -----BEGIN
 * PRIVATE KEY-----}), as openssl writes it, and readable by its owner only.
 */
public final class PublisherKey {
  private static final String LABEL = "PRIVATE KEY";
  private static final BigInteger EXPONENT = BigInteger.valueOf(65537);
  private static final int SALT_BYTES = 32;

  private final AsymmetricKeyParameter secret;
  private final VerifyingKey publicKey;

  private PublisherKey(AsymmetricKeyParameter secret, VerifyingKey publicKey) {
    this.secret = secret;
    this.publicKey = publicKey;
  }

  /** A new key. RSA takes up to a few seconds. */
  public static PublisherKey generate(KeyType type, SecureRandom random) {
    return switch (type) {
      case ED25519 -> of(KeyPair.generate(random));
      case RSA2048 -> rsa(2048, random);
      case RSA4096 -> rsa(4096, random);
    };
  }

  /** The Ed25519 key of a pair. */
  public static PublisherKey of(KeyPair pair) {
    return new PublisherKey(
        new Ed25519PrivateKeyParameters(pair.seed()), VerifyingKey.of(pair.publicKey()));
  }

  private static PublisherKey rsa(int bits, SecureRandom random) {
    var generator = new RSAKeyPairGenerator();
    generator.init(new RSAKeyGenerationParameters(EXPONENT, random, bits, 112));
    var pair = generator.generateKeyPair();
    return new PublisherKey(pair.getPrivate(), VerifyingKey.of(pair.getPublic(), "the new key"));
  }

  /**
   * Reads a key file. Refused with {@code deploy.key-exposed} when anyone but its owner may read or
   * write it.
   */
  public static PublisherKey read(Path file) {
    var mode = Keys.mode(file);
    var others =
        EnumSet.complementOf(
            EnumSet.of(
                PosixFilePermission.OWNER_READ,
                PosixFilePermission.OWNER_WRITE,
                PosixFilePermission.OWNER_EXECUTE));
    others.retainAll(mode);
    if (!others.isEmpty()) {
      throw new Fault(
          TrustCode.KEY_EXPOSED,
          file
              + " is open to others (mode "
              + PosixFilePermissions.toString(mode)
              + "); run: chmod 600 "
              + file);
    }
    return parse(Keys.read(file), file.toString());
  }

  /** Reads PKCS#8 PEM; {@code source} says where the text is from, for messages. */
  public static PublisherKey parse(String pem, String source) {
    byte[] der = Keys.pem(pem, LABEL, source);
    try {
      return switch (PrivateKeyFactory.createKey(der)) {
        case Ed25519PrivateKeyParameters ed -> of(KeyPair.ofSeed(ed.getEncoded()));
        case RSAPrivateCrtKeyParameters rsa ->
            new PublisherKey(
                rsa,
                VerifyingKey.of(
                    new RSAKeyParameters(false, rsa.getModulus(), rsa.getPublicExponent()),
                    source));
        default ->
            throw new Fault(
                TrustCode.BAD_KEY,
                source + " holds another sort of key: ed25519, rsa2048 or rsa4096 is expected");
      };
    } catch (IOException | RuntimeException e) {
      if (e instanceof Fault fault) {
        throw fault;
      }
      throw new Fault(TrustCode.BAD_KEY, source + " holds no private key that cis can read", e);
    }
  }

  /** The public part. */
  public VerifyingKey publicKey() {
    return publicKey;
  }

  /** The Ed25519 key pair, which signs deployment orders; empty for RSA. */
  public Optional<KeyPair> keyPair() {
    return secret instanceof Ed25519PrivateKeyParameters ed
        ? Optional.of(KeyPair.ofSeed(ed.getEncoded()))
        : Optional.empty();
  }

  /** Signs a message: Ed25519, or RSASSA-PSS with SHA-256 and a 32-byte salt. */
  public byte[] sign(byte[] message) {
    return secret instanceof Ed25519PrivateKeyParameters ed
        ? KeyPair.ofSeed(ed.getEncoded()).sign(message)
        : signPss(message);
  }

  private byte[] signPss(byte[] message) {
    try {
      var signer = new PSSSigner(new RSABlindedEngine(), new SHA256Digest(), SALT_BYTES);
      signer.init(true, secret);
      signer.update(message, 0, message.length);
      return signer.generateSignature();
    } catch (CryptoException e) {
      throw new Fault(TrustCode.BAD_KEY, "the key " + publicKey.id() + " cannot sign", e);
    }
  }

  /** PKCS#8 PEM, which {@link #parse} reads. A secret. */
  public String pem() {
    try {
      // Version 1 without the public key (RFC 5958 section 2): older openssl reads no other.
      var info =
          switch (secret) {
            case Ed25519PrivateKeyParameters ed ->
                new PrivateKeyInfo(
                    new AlgorithmIdentifier(EdECObjectIdentifiers.id_Ed25519),
                    new DEROctetString(ed.getEncoded()));
            case RSAPrivateCrtKeyParameters rsa ->
                new PrivateKeyInfo(
                    new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
                    new RSAPrivateKey(
                        rsa.getModulus(),
                        rsa.getPublicExponent(),
                        rsa.getExponent(),
                        rsa.getP(),
                        rsa.getQ(),
                        rsa.getDP(),
                        rsa.getDQ(),
                        rsa.getQInv()));
            default -> throw new IllegalStateException("no such key is ever made");
          };
      return Keys.pem(LABEL, info.getEncoded("DER"));
    } catch (IOException e) {
      throw new Fault(TrustCode.BAD_KEY, "the key " + publicKey.id() + " cannot be encoded", e);
    }
  }

  /** Says whose key it is, never the secret. */
  @Override
  public String toString() {
    return "PublisherKey[" + publicKey + "]";
  }
}
