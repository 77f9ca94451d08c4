package dev.cis.transport.quic;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.PublicKey;
import dev.cis.transport.TransportCode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.HexFormat;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;

/**
 * The certificate of a node: self-signed with its Ed25519 key (RFC 8410). It has no other content;
 * it never expires, since an identity does not, and since labs have wrong clocks.
 */
final class Certificates {
  private static final AlgorithmIdentifier ED25519 =
      new AlgorithmIdentifier(EdECObjectIdentifiers.id_Ed25519);
  private static final X500Name NAME = new X500Name("CN=cis");
  // RFC 5280 section 4.1.2.5: the date of a certificate without a known end.
  private static final Date FOREVER = Date.from(Instant.parse("9999-12-31T23:59:59Z"));
  // RFC 8410 section 7: the PKCS #8 frame around a 32-byte seed.
  private static final byte[] PKCS8 = HexFormat.of().parseHex("302e020100300506032b657004220420");

  private static final Layout LAYOUT = new Layout(KeyPair.ofSeed(new byte[KeyPair.SEED_BYTES]));

  private Certificates() {}

  static X509Certificate selfSigned(KeyPair key) {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(encoded(key)));
    } catch (CertificateException e) {
      throw new Fault(
          TransportCode.NO_CERTIFICATE, "cannot make the certificate of " + key.nodeId(), e);
    }
  }

  private static byte[] encoded(KeyPair key) {
    try {
      var subject = new SubjectPublicKeyInfo(ED25519, key.publicKey().bytes());
      var builder =
          new X509v3CertificateBuilder(
              NAME, BigInteger.ONE, Date.from(Instant.EPOCH), FOREVER, NAME, subject);
      return builder.build(new Signer(key)).getEncoded();
    } catch (IOException e) {
      throw new Fault(
          TransportCode.NO_CERTIFICATE, "cannot make the certificate of " + key.nodeId(), e);
    }
  }

  static PrivateKey privateKey(KeyPair key) {
    try {
      byte[] encoded = Arrays.copyOf(PKCS8, PKCS8.length + KeyPair.SEED_BYTES);
      System.arraycopy(key.seed(), 0, encoded, PKCS8.length, KeyPair.SEED_BYTES);
      return KeyFactory.getInstance("Ed25519").generatePrivate(new PKCS8EncodedKeySpec(encoded));
    } catch (GeneralSecurityException e) {
      throw new Fault(TransportCode.NO_CERTIFICATE, "this Java cannot read Ed25519 keys", e);
    }
  }

  /**
   * Whose certificate it is. Nothing is parsed: a node's certificate has one layout, and only its
   * key and its signature are its own. The signature is not verified, since it says no more than
   * TLS does: whoever completes the handshake has signed with the key in this certificate
   * (CertificateVerify, RFC 8446 section 4.4.3), or, in a resumed session, has the secret of a
   * handshake in which it did.
   *
   * @throws CertificateException if it is anything but one node's own certificate
   */
  static NodeId identity(Certificate[] chain) throws CertificateException {
    if (chain.length != 1) {
      throw new CertificateException("a node presents one certificate, not " + chain.length);
    }
    byte[] encoded = chain[0].getEncoded();
    int key = LAYOUT.keyAt;
    int rest = key + PublicKey.BYTES;
    int signature = LAYOUT.encoded.length - PublicKey.SIGNATURE_BYTES;
    if (encoded.length != LAYOUT.encoded.length
        || !Arrays.equals(encoded, 0, key, LAYOUT.encoded, 0, key)
        || !Arrays.equals(encoded, rest, signature, LAYOUT.encoded, rest, signature)) {
      throw new CertificateException("not a node's certificate");
    }
    return PublicKey.of(Arrays.copyOfRange(encoded, key, rest)).nodeId();
  }

  /** The bytes that all certificates share, and where the key is among them. */
  private static final class Layout {
    final byte[] encoded;
    final int keyAt;

    Layout(KeyPair any) {
      encoded = encoded(any);
      byte[] key = any.publicKey().bytes();
      int at = 0;
      while (!Arrays.equals(encoded, at, at + key.length, key, 0, key.length)) {
        at++;
      }
      keyAt = at;
    }
  }

  private static final class Signer implements ContentSigner {
    private final KeyPair key;
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();

    Signer(KeyPair key) {
      this.key = key;
    }

    @Override
    public AlgorithmIdentifier getAlgorithmIdentifier() {
      return ED25519;
    }

    @Override
    public OutputStream getOutputStream() {
      return content;
    }

    @Override
    public byte[] getSignature() {
      return key.sign(content.toByteArray());
    }
  }
}
