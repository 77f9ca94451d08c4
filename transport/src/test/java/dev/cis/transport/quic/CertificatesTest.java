package dev.cis.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.sim.Mutations;
import dev.cis.transport.TransportCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class CertificatesTest {
  private static final KeyPair KEY = KeyPair.ofSeed(new byte[32]);
  // As the vector shows.
  private static final int KEY_AT = 98;

  /** A certificate of any bytes, which the Java parser has not looked at. */
  private static final class Raw extends Certificate {
    private static final long serialVersionUID = 1;
    private final byte[] encoded;

    Raw(byte[] encoded) {
      super("X.509");
      this.encoded = encoded;
    }

    @Override
    public byte[] getEncoded() {
      return encoded.clone();
    }

    @Override
    public void verify(PublicKey key) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void verify(PublicKey key, String provider) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String toString() {
      return "Raw";
    }

    @Override
    public PublicKey getPublicKey() {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void aNodesCertificateSaysWhoItIs() throws Exception {
    Certificate[] chain = {Certificates.selfSigned(KEY)};
    assertThat(Certificates.identity(chain)).isEqualTo(KEY.nodeId());
    assertThatThrownBy(() -> Certificates.identity(new Certificate[0]))
        .isInstanceOf(CertificateException.class);
  }

  @Test
  void theCertificateIsThatOfTheReference() throws Exception {
    var file = Path.of(System.getProperty("cis.root"), "docs/reference/vectors/certificate.txt");
    var line = Files.readAllLines(file).getLast();
    assertThat("certificate " + HexFormat.of().formatHex(Certificates.selfSigned(KEY).getEncoded()))
        .isEqualTo(line);
  }

  @Test
  void aCertificateWithAnyOtherContentIsRefused() throws Exception {
    byte[] encoded = Certificates.selfSigned(KEY).getEncoded();
    byte[] key = KEY.publicKey().bytes();
    int free = 0;
    for (int i = 0; i < encoded.length; i++) {
      byte[] changed = encoded.clone();
      changed[i] ^= 1;
      try {
        var node = Certificates.identity(new Certificate[] {new Raw(changed)});
        boolean ofTheKey = i >= KEY_AT && i < KEY_AT + key.length;
        assertThat(node.equals(KEY.nodeId())).isEqualTo(!ofTheKey);
        free++;
      } catch (CertificateException e) {
        assertThat(e).hasMessageContaining("not a node's certificate");
      }
    }
    // The key, and the signature, which TLS makes superfluous.
    assertThat(free).isEqualTo(32 + 64);
    byte[] longer = Arrays.copyOf(encoded, encoded.length + 1);
    assertThatThrownBy(() -> Certificates.identity(new Certificate[] {new Raw(longer)}))
        .isInstanceOf(CertificateException.class);
  }

  @Test
  void mutatedCertificatesAreRefusedOrOfTheKeyInThem() throws Exception {
    byte[] valid = Certificates.selfSigned(KEY).getEncoded();
    Consumer<byte[]> identity =
        bytes -> {
          try {
            var node = Certificates.identity(new Certificate[] {new Raw(bytes)});
            byte[] key = Arrays.copyOfRange(bytes, KEY_AT, KEY_AT + 32);
            assertThat(node).isEqualTo(dev.cis.kernel.identity.PublicKey.of(key).nodeId());
          } catch (CertificateException e) {
            throw new Fault(TransportCode.NO_CERTIFICATE, String.valueOf(e.getMessage()), e);
          }
        };
    var outcome =
        Mutations.of(List.of(valid), 71).run(100_000, Duration.ofSeconds(3), List.of(identity));
    assertThat(outcome.frames()).isPositive();
  }
}
