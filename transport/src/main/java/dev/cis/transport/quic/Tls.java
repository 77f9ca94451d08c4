package dev.cis.transport.quic;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Handshakes;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.quic.BoringSSLContextOption;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.codec.quic.QuicSslEngine;
import io.netty.handler.ssl.ClientAuth;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * TLS 1.3 in which both sides present their node's certificate. Any well-formed node is let
 * through; who it is, is read from the session afterwards.
 */
final class Tls {
  static final String ALPN = "cis/1.0";
  // How long a ticket is good, RFC 8446 section 4.6.1 allows a week.
  private static final Duration SESSION_LIFETIME = Duration.ofDays(2);
  private static final String[] SIGNATURES = {"ed25519"};

  private Tls() {}

  /** What a socket uses for accepting and for dialling. */
  record Contexts(QuicSslContext server, QuicSslContext client) {
    /** Those of a node. */
    static Contexts of(KeyPair key, Handshakes handshakes) {
      var own = new OneKey(key);
      var judge = new AnyNode();
      return new Contexts(
          Tls.server(own, judge), Tls.client(own, ALPN, handshakes.tlsSessions(), judge));
    }

    /**
     * An engine for one dial. It offers a session of an earlier connection to the same peer, if
     * there was one; sessions are filed under the NodeId, which is no host name and is not sent.
     */
    QuicSslEngine dial(ByteBufAllocator allocator, @Nullable NodeId expected) {
      return expected == null
          ? client.newEngine(allocator)
          : client.newEngine(allocator, expected.toString(), 0);
    }
  }

  static QuicSslContext server(OneKey key, X509ExtendedTrustManager judge) {
    return QuicSslContextBuilder.forServer(key, null)
        .trustManager(judge)
        .clientAuth(ClientAuth.REQUIRE)
        .applicationProtocols(ALPN)
        .option(BoringSSLContextOption.SIGNATURE_ALGORITHMS, SIGNATURES)
        .build();
  }

  static QuicSslContext client(
      @Nullable OneKey key, String alpn, int sessions, X509ExtendedTrustManager judge) {
    var builder =
        QuicSslContextBuilder.forClient()
            .trustManager(judge)
            .applicationProtocols(alpn)
            .sessionCacheSize(sessions)
            .sessionTimeout(SESSION_LIFETIME.toSeconds())
            // A NodeId is no host name; Netty would check one by default.
            .endpointIdentificationAlgorithm("")
            .option(BoringSSLContextOption.SIGNATURE_ALGORITHMS, SIGNATURES);
    if (key != null) {
      builder.keyManager(key, null);
    }
    return builder.build();
  }

  /** Lets in whoever presents the certificate of a node. Not asked about resumed sessions. */
  static class AnyNode extends X509ExtendedTrustManager {
    /** Throws if this is not the certificate of a node. */
    void check(X509Certificate[] chain) throws CertificateException {
      var _ = Certificates.identity(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      check(chain);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  /** Answers with the one key, whatever key type is asked for. */
  static final class OneKey extends X509ExtendedKeyManager {
    private static final String ALIAS = "node";
    private final X509Certificate certificate;
    private final PrivateKey key;

    OneKey(KeyPair pair) {
      this(Certificates.selfSigned(pair), Certificates.privateKey(pair));
    }

    OneKey(X509Certificate certificate, PrivateKey key) {
      this.certificate = certificate;
      this.key = key;
    }

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
      return new String[] {ALIAS};
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
      return ALIAS;
    }

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
      return new String[] {ALIAS};
    }

    @Override
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
      return ALIAS;
    }

    @Override
    public String chooseEngineClientAlias(String[] types, Principal[] issuers, SSLEngine engine) {
      return ALIAS;
    }

    @Override
    public String chooseEngineServerAlias(String type, Principal[] issuers, SSLEngine engine) {
      return ALIAS;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return new X509Certificate[] {certificate};
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return key;
    }
  }
}
