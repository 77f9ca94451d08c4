package dev.cis.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.sim.Mutations;
import dev.cis.transport.TransportCode;
import java.security.PublicKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class CertificatesTest {
  private static final KeyPair KEY = KeyPair.ofSeed(new byte[32]);

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
  void mutatedCertificatesAreRefusedOrStillOfTheSameNode() throws Exception {
    byte[] valid = Certificates.selfSigned(KEY).getEncoded();
    Consumer<byte[]> identity =
        bytes -> {
          try {
            var node = Certificates.identity(new Certificate[] {new Raw(bytes)});
            assertThat(node).isEqualTo(KEY.nodeId());
          } catch (CertificateException e) {
            throw new Fault(TransportCode.NO_CERTIFICATE, String.valueOf(e.getMessage()), e);
          }
        };
    var outcome =
        Mutations.of(List.of(valid), 71).run(100_000, Duration.ofSeconds(3), List.of(identity));
    assertThat(outcome.frames()).isPositive();
  }
}
