package dev.cis.nat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.time.Uptime;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.DialBackMessage;
import dev.cis.nat.proto.StunMessage;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportCode;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.quic.QuicSwarm;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An anchor and one who asks it, over real sockets. */
@Timeout(120)
class DialBackTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private static final Now START = Uptime.CLOCK.get();

  /** For datagrams that are not to come. */
  private static final Duration MOMENT = Duration.ofMillis(700);

  private final SecureRandom random = new SecureRandom();
  private final List<AutoCloseable> opened = new ArrayList<>();

  private final class Side {
    final Datagrams datagrams;
    final Swarm swarm;

    Side(Datagrams datagrams) {
      this.datagrams = datagrams;
      this.swarm =
          QuicSwarm.open(
              KeyPair.generate(random),
              TransportConfig.DEFAULT.withListen(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
              StoredPeerBook.inMemory(),
              new PeerDescription("", new TreeMap<>(), List.of(), List.of()),
              dev.cis.transport.Admission.OPEN,
              datagrams);
      opened.add(swarm);
    }

    int port() {
      return swarm.localAddresses().getFirst().port();
    }
  }

  @AfterEach
  void closeAll() throws Exception {
    for (var each : opened.reversed()) {
      each.close();
    }
  }

  private Side anchor(AnchorConfig config) {
    var side = new Side(Datagrams.ofAnchor(config, Uptime.CLOCK));
    // Time does not pass for it: nobody is allowed to ask again because this machine is slow.
    opened.add(DialBackService.start(side.swarm, config, () -> START));
    return side;
  }

  private static DialBack.Verdict verdict(Side self, Side anchor) {
    return new DialBack(self.swarm, self.datagrams)
        .ask(anchor.swarm.self(), self.port(), LONG)
        .verdict();
  }

  private Side asker(Side anchor) {
    var side = new Side(Datagrams.ofNode(Uptime.CLOCK));
    var _ = side.swarm.connect(anchor.swarm.localAddresses().getFirst(), LONG);
    return side;
  }

  @Test
  void whoCanBeReachedIsToldSoAndUnderWhichAddress() {
    var anchor = anchor(AnchorConfig.DEFAULT);
    var self = asker(anchor);
    var result =
        new DialBack(self.swarm, self.datagrams).ask(anchor.swarm.self(), self.port(), LONG);
    assertThat(result)
        .isEqualTo(new DialBack.Result(DialBack.Verdict.REACHED, "127.0.0.1:" + self.port()));
  }

  @Test
  void aPortAtWhichWeDoNotListenStaysSilent() throws Exception {
    var anchor = anchor(AnchorConfig.DEFAULT);
    var self = asker(anchor);
    try (var other = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      var result =
          new DialBack(self.swarm, self.datagrams)
              .ask(anchor.swarm.self(), other.getLocalPort(), MOMENT);
      assertThat(result.verdict()).isEqualTo(DialBack.Verdict.SILENT);
      // What came there is no more than was paid for, and from a port to which we never sent.
      var packet = new DatagramPacket(new byte[2_000], 2_000);
      other.setSoTimeout(30_000);
      int bytes = 0;
      for (int i = 0; i < DialBackMessage.COPIES; i++) {
        other.receive(packet);
        bytes += packet.getLength() + 28;
        assertThat(packet.getPort()).isNotEqualTo(anchor.port());
      }
      assertThat(bytes).isLessThan(DialBackMessage.MIN_QUESTION);
    }
  }

  @Test
  void whoAsksTooOftenIsToldNo() {
    var anchor = anchor(new AnchorConfig(true, 50, true, 100, 2));
    var self = asker(anchor);
    for (int i = 0; i < 2; i++) {
      assertThat(verdict(self, anchor)).isEqualTo(DialBack.Verdict.REACHED);
    }
    assertThat(verdict(self, anchor)).isEqualTo(DialBack.Verdict.TOO_OFTEN);
    assertThat(verdict(asker(anchor), anchor)).isEqualTo(DialBack.Verdict.REACHED);
  }

  @Test
  void oneWhoHasManyKeysGetsNoMoreThanItsNetwork() {
    var anchor = anchor(new AnchorConfig(true, 50, true, 100, 1));
    for (int i = 0; i < 5; i++) {
      assertThat(verdict(asker(anchor), anchor)).isEqualTo(DialBack.Verdict.REACHED);
    }
    assertThat(verdict(asker(anchor), anchor)).isEqualTo(DialBack.Verdict.TOO_OFTEN);
  }

  @Test
  void allTogetherGetNoMoreThanTheAnchorAllows() {
    var anchor = anchor(new AnchorConfig(true, 50, true, 1, 600));
    assertThat(verdict(asker(anchor), anchor)).isEqualTo(DialBack.Verdict.REACHED);
    assertThat(verdict(asker(anchor), anchor)).isEqualTo(DialBack.Verdict.TOO_OFTEN);
  }

  @Test
  void aShortQuestionAndGarbageAreRefused() {
    var anchor = anchor(AnchorConfig.DEFAULT);
    var self = asker(anchor);
    byte[] whole =
        DialBackMessage.QUESTION.encode(
            new DialBackMessage.Question(Bytes.of(new byte[16]), self.port()));
    assertThat(whole.length).isBetween(DialBackMessage.MIN_QUESTION, DialBackMessage.MAX_BYTES);
    byte[] cut = java.util.Arrays.copyOf(whole, 22);
    byte[] garbage = new byte[300];
    random.nextBytes(garbage);
    byte[] portless =
        java.util.Arrays.copyOf(new byte[] {0x1a, (byte) 0xfe, 0x01}, 3 + 254); // only filling
    for (var bad : List.of(cut, garbage, portless, new byte[600])) {
      try (var stream = self.swarm.openSystem(anchor.swarm.self(), DialBack.PROTOCOL, LONG)) {
        assertThatThrownBy(
                () -> {
                  stream.send(bad);
                  stream.finish();
                  var _ = stream.receive(100);
                })
            .isInstanceOfSatisfying(
                Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.STREAM_RESET));
      }
    }
    // And it goes on.
    assertThat(
            new DialBack(self.swarm, self.datagrams)
                .ask(anchor.swarm.self(), self.port(), LONG)
                .verdict())
        .isEqualTo(DialBack.Verdict.REACHED);
  }

  @Test
  void whoIsNoAnchorSaysSo() {
    var plain = new Side(Datagrams.ofNode(Uptime.CLOCK));
    var self = asker(plain);
    assertThatThrownBy(() ->
            new DialBack(self.swarm, self.datagrams).ask(plain.swarm.self(), self.port(), LONG))
        .isInstanceOfSatisfying(
            Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.NO_PROTOCOL));
  }

  @Test
  void stunIsAnsweredOnTheQuicPortOfAnAnchorAndOfNobodyElse() throws Exception {
    var anchor = anchor(AnchorConfig.DEFAULT);
    var plain = new Side(Datagrams.ofNode(Uptime.CLOCK));
    var transaction = new byte[12];
    random.nextBytes(transaction);
    byte[] question =
        new StunMessage(
                StunMessage.BINDING, StunMessage.Kind.REQUEST, Bytes.of(transaction), List.of())
            .encode(true);
    try (var socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      socket.setSoTimeout(30_000);
      var here = InetAddress.getLoopbackAddress();
      byte[] garbage = {0, 1, 0, 0, 0x21, 0x12, (byte) 0xA4, 0x42, 1};
      socket.send(new DatagramPacket(question, question.length, here, plain.port()));
      socket.send(new DatagramPacket(garbage, garbage.length, here, anchor.port()));
      socket.send(new DatagramPacket(question, question.length, here, anchor.port()));
      var packet = new DatagramPacket(new byte[1_500], 1_500);
      socket.receive(packet);
      assertThat(packet.getPort()).as("the first to answer").isEqualTo(anchor.port());
      var answer =
          StunMessage.decode(java.util.Arrays.copyOf(packet.getData(), packet.getLength()));
      assertThat(answer.transaction()).isEqualTo(Bytes.of(transaction));
      assertThat(answer.mapped().orElseThrow().port()).isEqualTo(socket.getLocalPort());
    }
  }
}
