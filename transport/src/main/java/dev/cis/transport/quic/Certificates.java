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
import java.util.Date;
import java.util.HexFormat;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
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

  private Certificates() {}

  static X509Certificate selfSigned(KeyPair key) {
    try {
      var subject = new SubjectPublicKeyInfo(ED25519, key.publicKey().bytes());
      var builder =
          new X509v3CertificateBuilder(
              NAME, BigInteger.ONE, Date.from(Instant.EPOCH), FOREVER, NAME, subject);
      byte[] encoded = builder.build(new Signer(key)).getEncoded();
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(encoded));
    } catch (IOException | CertificateException e) {
      throw new Fault(
          TransportCode.NO_CERTIFICATE, "cannot make the certificate of " + key.nodeId(), e);
    }
  }

  static PrivateKey privateKey(KeyPair key) {
    try {
      byte[] encoded = java.util.Arrays.copyOf(PKCS8, PKCS8.length + KeyPair.SEED_BYTES);
      System.arraycopy(key.seed(), 0, encoded, PKCS8.length, KeyPair.SEED_BYTES);
      return KeyFactory.getInstance("Ed25519").generatePrivate(new PKCS8EncodedKeySpec(encoded));
    } catch (GeneralSecurityException e) {
      throw new Fault(TransportCode.NO_CERTIFICATE, "this Java cannot read Ed25519 keys", e);
    }
  }

  /**
   * Whose certificate it is.
   *
   * @throws CertificateException if it is anything but one node's own certificate
   */
  static NodeId identity(Certificate[] chain) throws CertificateException {
    if (chain.length != 1) {
      throw new CertificateException("a node presents one certificate, not " + chain.length);
    }
    try {
      var certificate = new X509CertificateHolder(chain[0].getEncoded());
      var subject = certificate.getSubjectPublicKeyInfo();
      if (!subject.getAlgorithm().equals(ED25519)
          || !certificate.getSignatureAlgorithm().equals(ED25519)) {
        throw new CertificateException("not an Ed25519 certificate");
      }
      var key = PublicKey.of(subject.getPublicKeyData().getOctets());
      if (!key.verifies(
          certificate.toASN1Structure().getTBSCertificate().getEncoded(),
          certificate.getSignature())) {
        throw new CertificateException("the certificate is not signed by its own key");
      }
      return key.nodeId();
    } catch (IOException | RuntimeException e) {
      // Bouncy Castle parses late, and throws what it likes at what it did not expect.
      throw new CertificateException("not a node's certificate: " + e.getMessage(), e);
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
