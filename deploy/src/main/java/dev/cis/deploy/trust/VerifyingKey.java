package dev.cis.deploy.trust;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.PublicKey;
import java.io.IOException;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.engines.RSABlindedEngine;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.signers.PSSSigner;
import org.bouncycastle.crypto.util.PublicKeyFactory;

/** The public key of a publisher. Two are equal when their ids are. */
public final class VerifyingKey {
  private static final String LABEL = "PUBLIC KEY";
  private static final HexFormat HEX = HexFormat.of();
  private static final int DIGEST_BYTES = 32;
  private static final byte PSS_TRAILER = (byte) 0xBC;

  private final KeyType type;
  private final AsymmetricKeyParameter parameters;
  private final byte[] encoded;
  private final String id;

  private VerifyingKey(KeyType type, AsymmetricKeyParameter parameters, byte[] encoded, String id) {
    this.type = type;
    this.parameters = parameters;
    this.encoded = encoded;
    this.id = id;
  }

  /** An Ed25519 key. */
  public static VerifyingKey of(PublicKey key) {
    return ofEd25519(key.bytes(), "a publisher's key");
  }

  private static VerifyingKey ofEd25519(byte[] bytes, String source) {
    try {
      return of(new Ed25519PublicKeyParameters(bytes), source);
    } catch (IllegalArgumentException e) {
      // Half of all 32-byte strings are no point of the curve (RFC 8032 section 5.1.3).
      throw new Fault(TrustCode.BAD_KEY, source + " is no Ed25519 public key: a digit is wrong", e);
    }
  }

  /**
   * Reads a key: SubjectPublicKeyInfo PEM ({@code -----BEGIN PUBLIC KEY-----}), or 64 hexadecimal
   * digits for Ed25519.
   *
   * @param source where the text is from, for messages
   */
  public static VerifyingKey parse(String text, String source) {
    var trimmed = text.strip();
    if (trimmed.matches("(?i)[0-9a-f]{64}")) {
      return ofEd25519(HEX.parseHex(trimmed), source);
    }
    byte[] der = Keys.pem(trimmed, LABEL, source);
    try {
      return of(PublicKeyFactory.createKey(der), source);
    } catch (IOException | RuntimeException e) {
      if (e instanceof Fault fault) {
        throw fault;
      }
      throw new Fault(TrustCode.BAD_KEY, source + " holds no public key that cis can read", e);
    }
  }

  static VerifyingKey of(AsymmetricKeyParameter parameters, String source) {
    try {
      return switch (parameters) {
        case Ed25519PublicKeyParameters ed ->
            new VerifyingKey(
                KeyType.ED25519,
                ed,
                new SubjectPublicKeyInfo(
                        new AlgorithmIdentifier(EdECObjectIdentifiers.id_Ed25519), ed.getEncoded())
                    .getEncoded("DER"),
                HEX.formatHex(ed.getEncoded()));
        case RSAKeyParameters rsa when !rsa.isPrivate() -> ofRsa(rsa, source);
        default ->
            throw new Fault(
                TrustCode.BAD_KEY,
                source + " holds another sort of key: ed25519, rsa2048 or rsa4096 is expected");
      };
    } catch (IOException e) {
      throw new Fault(TrustCode.BAD_KEY, source + " cannot be encoded", e);
    }
  }

  private static VerifyingKey ofRsa(RSAKeyParameters rsa, String source) throws IOException {
    var type = rsaType(rsa.getModulus(), source);
    // Encoded anew, so that one key has one id however its file was written.
    byte[] spki =
        new SubjectPublicKeyInfo(
                new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
                new RSAPublicKey(rsa.getModulus(), rsa.getExponent()))
            .getEncoded("DER");
    return new VerifyingKey(type, rsa, spki, HEX.formatHex(sha256(spki)));
  }

  private static KeyType rsaType(BigInteger modulus, String source) {
    return switch (modulus.bitLength()) {
      case 2048 -> KeyType.RSA2048;
      case 4096 -> KeyType.RSA4096;
      default ->
          throw new Fault(
              TrustCode.BAD_KEY,
              source + " is an RSA key of " + modulus.bitLength() + " bits, not 2048 or 4096");
    };
  }

  /** What sort of key it is. */
  public KeyType type() {
    return type;
  }

  /**
   * The key's id, 64 hexadecimal digits: the raw key for Ed25519, the SHA-256 of the
   * SubjectPublicKeyInfo for RSA.
   */
  public String id() {
    return id;
  }

  /** The Ed25519 key; empty for RSA. Only such a key signs deployment orders. */
  public Optional<PublicKey> ed25519() {
    return parameters instanceof Ed25519PublicKeyParameters ed
        ? Optional.of(PublicKey.of(ed.getEncoded()))
        : Optional.empty();
  }

  /** The SubjectPublicKeyInfo as PEM, which {@link #parse} reads. */
  public String pem() {
    return Keys.pem(LABEL, encoded);
  }

  /** Whether the signature over the message was made by this key's owner. Never throws. */
  public boolean verifies(byte[] message, byte[] signature) {
    return switch (parameters) {
      case Ed25519PublicKeyParameters ed ->
          PublicKey.of(ed.getEncoded()).verifies(message, signature);
      default -> verifiesPss(sha256(message), signature);
    };
  }

  /**
   * Whether this is a bare signature of a file with this SHA-256, as source 001 and openssl make
   * it: Ed25519 over the 32 bytes of the digest, or RSASSA-PSS with SHA-256 over the file, with a
   * salt of 32 bytes or of the greatest length. Never throws.
   */
  public boolean verifiesFile(byte[] sha256, byte[] signature) {
    return switch (parameters) {
      case Ed25519PublicKeyParameters ed ->
          PublicKey.of(ed.getEncoded()).verifies(sha256, signature);
      default -> verifiesPss(sha256, signature);
    };
  }

  private boolean verifiesPss(byte[] digest, byte[] signature) {
    if (signature.length != type.signatureBytes()) {
      return false;
    }
    // openssl and Go sign with the longest salt unless told otherwise (RFC 8017 section 9.1.1).
    int longest = signature.length - DIGEST_BYTES - 2;
    return verifiesPss(digest, signature, DIGEST_BYTES) || verifiesPss(digest, signature, longest);
  }

  private boolean verifiesPss(byte[] digest, byte[] signature, int salt) {
    try {
      var verifier =
          PSSSigner.createRawSigner(
              new RSABlindedEngine(), new SHA256Digest(), new SHA256Digest(), salt, PSS_TRAILER);
      verifier.init(false, parameters);
      verifier.update(digest, 0, digest.length);
      return verifier.verifySignature(signature);
    } catch (RuntimeException e) {
      return false; // the signature is no number below the modulus
    }
  }

  static byte[] sha256(byte[] message) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(message);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VerifyingKey that && id.equals(that.id);
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }

  @Override
  public String toString() {
    return type + ":" + id;
  }
}
