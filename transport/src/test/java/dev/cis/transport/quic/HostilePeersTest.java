package dev.cis.transport.quic;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.wire.WireWriter;
import dev.cis.transport.Address;
import dev.cis.transport.Admission;
import dev.cis.transport.Await;
import dev.cis.transport.Doorkeeper;
import dev.cis.transport.EventPipe;
import dev.cis.transport.Link;
import dev.cis.transport.NetworkSwarm;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportCode;
import dev.cis.transport.TransportConfig;
import io.netty.handler.codec.quic.BoringSSLAsyncPrivateKeyMethod;
import io.netty.handler.codec.quic.BoringSSLContextOption;
import io.netty.handler.codec.quic.BoringSSLKeylessManagerFactory;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.ssl.ClientAuth;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whatever a stranger sends, the node serves the next peer. */
class HostilePeersTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final ProtocolId ECHO = ProtocolId.parse("/cis/app/echo/1.0");
  private static final PeerDescription NAMELESS =
      new PeerDescription("", new TreeMap<>(), List.of(), List.of());

  private static final Doorkeeper PROVE =
      new Doorkeeper() {
        @Override
        public boolean mustProve(InetAddress from) {
          return true;
        }

        @Override
        public boolean isOverrun(InetAddress from) {
          return false;
        }
      };

  private final TransportConfig config =
      TransportConfig.DEFAULT
          .withListen(QuicSwarmTest.anyPort())
          .withIdle(Duration.ofSeconds(8), Duration.ofSeconds(2));
  private final List<AutoCloseable> opened = new ArrayList<>();
  private Swarm node = open(key());
  private InetSocketAddress target = new InetSocketAddress(0);

  private static KeyPair key() {
    return KeyPair.generate(new SecureRandom());
  }

  private Swarm open(KeyPair key) {
    var swarm = QuicSwarm.open(key, config, StoredPeerBook.inMemory(), NAMELESS);
    opened.add(swarm);
    return swarm;
  }

  @BeforeEach
  void serve() {
    var _ =
        node.handle(
            ECHO,
            stream -> {
              byte[] message = stream.receive(1000);
              if (message != null) {
                stream.send(message);
              }
            });
    target =
        new InetSocketAddress(
            InetAddress.getLoopbackAddress(), node.localAddresses().getFirst().port());
  }

  @AfterEach
  void closeAll() throws Exception {
    assertServes();
    for (var closeable : opened) {
      closeable.close();
    }
  }

  private void assertServes() {
    try (var other = QuicSwarm.open(key(), config, StoredPeerBook.inMemory(), NAMELESS)) {
      other.connect(Address.of(target), LONG);
      try (var stream = other.open(node.self(), ECHO, LONG)) {
        stream.send("still there?".getBytes(UTF_8));
        assertThat(stream.receive(100)).isEqualTo("still there?".getBytes(UTF_8));
      }
    }
  }

  private QuicNetwork stranger(Tls.@Nullable OneKey certificate, String alpn) {
    var network =
        QuicNetwork.bind(
            new Tls.Contexts(
                Tls.server(new Tls.OneKey(key()), new Tls.AnyNode()),
                Tls.client(certificate, alpn, 0, new Tls.AnyNode())),
            config,
            RawDatagrams.NONE);
    opened.add(network);
    return network;
  }

  /** How a link that may look established at first ends. */
  private static String end(Link link) throws Exception {
    var ended = new CompletableFuture<String>();
    link.attend(
        new Link.Attendant() {
          @Override
          public void accepted(EventPipe pipe) {
            pipe.reset(Kind.INVALID);
          }

          @Override
          public void ended(String reason) {
            ended.complete(reason);
          }
        });
    return ended.get(30, TimeUnit.SECONDS);
  }

  @Test
  void anotherProtocolIsTurnedAway() {
    var stranger = stranger(new Tls.OneKey(key()), "h3");
    assertThatThrownBy(() -> stranger.dial(target, null, LONG))
        .isInstanceOfSatisfying(
            Fault.class,
            fault ->
                assertThat(fault.code())
                    .as(fault.getMessage())
                    .isEqualTo(TransportCode.WRONG_ALPN));
  }

  @Test
  void aStrangerWithoutACertificateIsTurnedAway() throws Exception {
    assertTurnedAway(stranger(null, Tls.ALPN));
  }

  @Test
  void aCertificateOfAnotherIdentityIsTurnedAway() throws Exception {
    assertTurnedAway(
        stranger(
            new Tls.OneKey(Certificates.selfSigned(key()), Certificates.privateKey(key())),
            Tls.ALPN));
  }

  /** Signs the handshake with a key of its own, whatever certificate it presents. */
  private static KeyManagerFactory forging(X509Certificate presented) throws Exception {
    var own = key();
    return BoringSSLKeylessManagerFactory.newKeyless(
        new BoringSSLAsyncPrivateKeyMethod() {
          @Override
          public Future<byte[]> sign(SSLEngine engine, int algorithm, byte[] input) {
            return ImmediateEventExecutor.INSTANCE.newSucceededFuture(own.sign(input));
          }

          @Override
          public Future<byte[]> decrypt(SSLEngine engine, byte[] input) {
            throw new UnsupportedOperationException();
          }
        },
        presented);
  }

  @Test
  void aDiallerWithTheCertificateButNotTheKeyIsTurnedAway() throws Exception {
    var owner = key();
    var forged =
        QuicSslContextBuilder.forClient()
            .trustManager(new Tls.AnyNode())
            .keyManager(forging(Certificates.selfSigned(owner)), null)
            .applicationProtocols(Tls.ALPN)
            .endpointIdentificationAlgorithm("")
            .option(BoringSSLContextOption.CLIENT_KEY_TYPES, Set.of("EdDSA"))
            .option(BoringSSLContextOption.SIGNATURE_ALGORITHMS, new String[] {"ed25519"})
            .build();
    var network =
        QuicNetwork.bind(
            new Tls.Contexts(Tls.server(new Tls.OneKey(key()), new Tls.AnyNode()), forged),
            config,
            RawDatagrams.NONE);
    opened.add(network);
    assertThat(end(network.dial(target, null, LONG))).contains("0x133");
    assertThat(node.link(owner.nodeId())).isEmpty();
  }

  @Test
  void anAcceptorWithTheCertificateButNotTheKeyIsNotTakenForItsOwner() throws Exception {
    var owner = key();
    var forged =
        QuicSslContextBuilder.forServer(forging(Certificates.selfSigned(owner)), null)
            .trustManager(new Tls.AnyNode())
            .clientAuth(ClientAuth.REQUIRE)
            .applicationProtocols(Tls.ALPN)
            .option(
                BoringSSLContextOption.SERVER_KEY_TYPES,
                Map.of("ECDHE_ECDSA", "EdDSA", "ECDHE_RSA", "EdDSA", "UNKNOWN", "EdDSA"))
            .option(BoringSSLContextOption.SIGNATURE_ALGORITHMS, new String[] {"ed25519"})
            .build();
    var client = Tls.client(new Tls.OneKey(key()), Tls.ALPN, 0, new Tls.AnyNode());
    var network = QuicNetwork.bind(new Tls.Contexts(forged, client), config, RawDatagrams.NONE);
    opened.add(network);
    var address = network.localAddresses().getFirst();
    assertThatThrownBy(() -> node.connect(address, LONG))
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).isEqualTo(TransportCode.DIAL_FAILED));
    assertThat(node.links()).isEmpty();
  }

  private void assertTurnedAway(QuicNetwork stranger) throws Exception {
    try {
      assertThat(end(stranger.dial(target, null, LONG))).isNotEmpty();
    } catch (Fault e) {
      assertThat(e.kind()).isIn(Kind.DENIED, Kind.UNREACHABLE);
    }
    assertThat(node.links()).isEmpty();
  }

  @Test
  void aLinkWithoutAGreetingOpensNothing() throws Exception {
    var stranger = stranger(new Tls.OneKey(key()), Tls.ALPN);
    var link = stranger.dial(target, null, LONG);
    assertThat(node.links()).isEmpty();
    assertThat(link.peer()).isEqualTo(node.self());
    link.close(Link.GOODBYE, "bye");
  }

  @Test
  void aFloodOfGreetingsEndsTheLink() throws Exception {
    var link = stranger(new Tls.OneKey(key()), Tls.ALPN).dial(target, null, LONG);
    var pipe = link.open();
    var header =
        new WireWriter().string(1, "/cis/sys/identify/1.0").bytes(5, new byte[16]).toByteArray();
    // An introduction, then a greeting that is looked at while megabytes follow.
    var flood = new WireWriter().varint(header.length).raw(header);
    for (int i = 0; i < 400; i++) {
      flood.varint(4000).raw(new byte[4000]);
    }
    try {
      pipe.write(ByteBuffer.wrap(flood.toByteArray()), false, LONG.toNanos());
      while (pipe.read(ByteBuffer.allocate(1000), LONG.toNanos()) >= 0) {}
    } catch (Fault broken) {
      assertThat(broken.kind()).isNotEqualTo(Kind.TIMEOUT);
    }
    assertThat(node.links()).isEmpty();
    assertThat(end(link)).isNotEmpty();
  }

  @Test
  void garbageOnStreamsEndsTheStream() throws Exception {
    var stranger = stranger(new Tls.OneKey(key()), Tls.ALPN);
    var link = stranger.dial(target, null, LONG);
    var random = new SplittableRandom(7);
    for (int i = 0; i < 300; i++) {
      var pipe = link.open();
      byte[] garbage =
          switch (i % 3) {
            // A length far over the limit, a header cut off, and noise.
            case 0 -> new byte[] {(byte) 0xFF, (byte) 0xFF, (byte) 0xFF, (byte) 0x7F, 1};
            case 1 -> new byte[] {40, 10, 20, 'x'};
            default -> {
              byte[] noise = new byte[random.nextInt(1, 600)];
              random.nextBytes(noise);
              // Its length byte promises less than what comes.
              noise[0] = (byte) random.nextInt(0, Math.min(127, noise.length));
              yield noise;
            }
          };
      pipe.write(ByteBuffer.wrap(garbage), true, LONG.toNanos());
      assertThatThrownBy(
              () -> {
                while (pipe.read(ByteBuffer.allocate(1000), LONG.toNanos()) >= 0) {}
                throw new Fault(TransportCode.STREAM_RESET, "refused in words");
              })
          .isInstanceOfSatisfying(
              Fault.class,
              fault -> assertThat(fault.code()).isNotEqualTo(TransportCode.STREAM_TIMEOUT));
    }
    link.close(Link.GOODBYE, "bye");
  }

  @Test
  void garbageDatagramsAreShrugsWorth() throws Exception {
    var random = new SplittableRandom(11);
    var initial = initialPacket();
    try (var socket = new DatagramSocket()) {
      for (int i = 0; i < 20_000; i++) {
        byte[] bytes;
        if (i % 2 == 0) {
          bytes = new byte[random.nextInt(0, 1400)];
          random.nextBytes(bytes);
        } else {
          bytes = Arrays.copyOf(initial, random.nextInt(1, initial.length + 1));
          for (int flips = random.nextInt(1, 8); flips > 0; flips--) {
            int at = random.nextInt(Math.min(bytes.length, random.nextBoolean() ? 60 : 2000));
            bytes[at] ^= (byte) (1 << random.nextInt(8));
          }
        }
        socket.send(new DatagramPacket(bytes, bytes.length, target));
        if (i % 5_000 == 0) {
          assertServes();
        }
      }
    }
  }

  /** The first packet of a real dial. */
  private byte[] initialPacket() throws Exception {
    try (var trap = new DatagramSocket(QuicSwarmTest.anyPort())) {
      trap.setSoTimeout(30_000);
      var dialler = stranger(new Tls.OneKey(key()), Tls.ALPN);
      var at = new InetSocketAddress(InetAddress.getLoopbackAddress(), trap.getLocalPort());
      var dial =
          Thread.ofVirtual()
              .start(() ->
                  assertThatThrownBy(() -> dialler.dial(at, null, Duration.ofMillis(200)))
                      .isInstanceOf(Fault.class));
      var packet = new DatagramPacket(new byte[2000], 2000);
      trap.receive(packet);
      dial.join();
      return Arrays.copyOf(packet.getData(), packet.getLength());
    }
  }

  @Test
  void aPeerThatIsKilledIsMissedAfterTheIdleTimeout() throws Exception {
    var key = key();
    var network = QuicNetwork.bind(key, config, RawDatagrams.NONE);
    try (var doomed =
        NetworkSwarm.start(key, config, StoredPeerBook.inMemory(), NAMELESS, network)) {
      doomed.connect(Address.of(target), LONG);
      assertThat(node.link(key.nodeId())).isPresent();
      network.vanish();
      Await.until("missed", () -> node.link(key.nodeId()).isEmpty());
    }
  }

  @Test
  void keepAlivesKeepAnIdleLink() throws Exception {
    var idle = config.withIdle(Duration.ofSeconds(5), Duration.ofSeconds(1));
    try (var other = QuicSwarm.open(key(), idle, StoredPeerBook.inMemory(), NAMELESS)) {
      var since = other.connect(Address.of(target), LONG).since();
      var end = System.nanoTime() + Duration.ofSeconds(8).toNanos();
      Await.until("time passed", () -> System.nanoTime() > end);
      assertThat(other.link(node.self()).orElseThrow().since()).isEqualTo(since);
    }
  }

  @Test
  void rawDatagramsShareThePort() throws Exception {
    var received = new CompletableFuture<byte[]>();
    var sender = new CompletableFuture<RawDatagrams.Sender>();
    var raw =
        new RawDatagrams() {
          @Override
          public void bound(Sender bound) {
            sender.complete(bound);
          }

          @Override
          public void received(Sender by, byte[] datagram, InetSocketAddress from) {
            sender.join().send(new byte[] {1, 2}, from);
            received.complete(datagram);
          }
        };
    try (var swarm =
            QuicSwarm.open(
                key(), config, StoredPeerBook.inMemory(), NAMELESS, Admission.OPEN, raw);
        var socket = new DatagramSocket()) {
      var at =
          new InetSocketAddress(
              InetAddress.getLoopbackAddress(), swarm.localAddresses().getFirst().port());
      socket.setSoTimeout(30_000);
      socket.send(new DatagramPacket(new byte[] {0, 1, 0, 0}, 4, at));
      assertThat(received.get(30, TimeUnit.SECONDS)).containsExactly(0, 1, 0, 0);
      var answer = new DatagramPacket(new byte[10], 10);
      socket.receive(answer);
      assertThat(answer.getLength()).isEqualTo(2);
      assertThat(swarm.connect(Address.of(target), LONG).peer()).isEqualTo(node.self());
    }
  }

  @Test
  void aPortInUseAndAForeignAddressAreNamed() {
    assertFault(config.withListen(target), TransportCode.PORT_IN_USE, "" + target.getPort());
    assertFault(
        config.withListen(new InetSocketAddress("192.0.2.1", 0)),
        TransportCode.CANNOT_BIND,
        "192.0.2.1");
  }

  private static void assertFault(TransportConfig config, TransportCode code, String words) {
    assertThatThrownBy(
            () -> QuicSwarm.open(key(), config, StoredPeerBook.inMemory(), NAMELESS).close())
        .isInstanceOfSatisfying(Fault.class, fault -> assertThat(fault.code()).isEqualTo(code))
        .hasMessageContaining(words);
  }

  @Test
  void retryTokensHoldForOneAddressAndHalfAMinute() {
    long[] now = {1_000};
    var tokens = new RetryTokens(new SecureRandom(), () -> now[0], PROVE);
    var token = io.netty.buffer.Unpooled.buffer();
    var id = io.netty.buffer.Unpooled.wrappedBuffer(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
    assertThat(tokens.writeToken(token, id, target)).isTrue();
    assertThat(tokens.validateToken(token.slice(), target)).isEqualTo(24);
    var elsewhere = new InetSocketAddress(target.getAddress(), target.getPort() + 1);
    assertThat(tokens.validateToken(token.slice(), elsewhere)).isEqualTo(-1);
    for (int i = 0; i < token.readableBytes(); i++) {
      var changed = token.copy();
      changed.setByte(i, changed.getByte(i) ^ 1);
      assertThat(tokens.validateToken(changed, target)).isEqualTo(-1);
      assertThat(tokens.validateToken(token.slice(0, i), target)).isEqualTo(-1);
    }
    now[0] += 31_000;
    assertThat(tokens.validateToken(token.slice(), target)).isEqualTo(-1);
  }
}
