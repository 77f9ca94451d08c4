package dev.cis.transport;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TrafficTest {
  private static final ProtocolId ECHO = ProtocolId.parse("/cis/app/echo/1.2");
  private static final ProtocolId PING = ProtocolId.parse("/cis/sys/ping/1.0");

  private final AtomicLong clock = new AtomicLong();
  private final Traffic traffic = new Traffic(Bandwidth.DEFAULT, clock::get);

  private static NodeId someone() {
    return KeyPair.generate(new SecureRandom()).nodeId();
  }

  @Test
  void bytesCountForTheirPeerTheirProtocolAndTheNode() {
    var a = someone();
    var b = someone();
    var toA = traffic.flow(traffic.enter(a), ECHO);
    var fromB = traffic.flow(traffic.enter(b), null);
    toA.sent(1_000, false);
    toA.received(10);
    fromB.received(500); // the header, and what came with it
    fromB.settle(traffic.protocol("/cis/app/echo"));
    fromB.received(5);
    var look = traffic.look();
    assertThat(requireNonNull(look.peers().get(a)).out().total()).isEqualTo(1_000);
    assertThat(requireNonNull(look.peers().get(a)).in().total()).isEqualTo(10);
    assertThat(requireNonNull(look.peers().get(b)).in().total()).isEqualTo(505);
    assertThat(requireNonNull(look.protocols().get("/cis/app/echo")).in().total()).isEqualTo(515);
    assertThat(requireNonNull(look.protocols().get("/cis/app/echo")).out().total())
        .isEqualTo(1_000);
    assertThat(look.total().in().total()).isEqualTo(515);
    assertThat(look.total().out().total()).isEqualTo(1_000);
  }

  @Test
  void controlNeverWaitsButOthersPayForIt() throws Exception {
    traffic.rank(PING, Priority.CONTROL);
    traffic.limitAll(null, 1_000_000L);
    var peer = traffic.enter(someone());
    var ping = traffic.flow(peer, PING);
    var echo = traffic.flow(peer, ECHO);
    assertThat(ping.limitsSending()).isFalse();
    assertThat(echo.limitsSending()).isTrue();
    assertThat(echo.limitsReceiving()).isFalse();
    ping.sent(2_100_000, false);
    assertThatThrownBy(() -> echo.passSending(1, 0)).hasMessageContaining("all peers");
    clock.addAndGet(2_000_000_001L);
    echo.passSending(1, 0);
  }

  @Test
  void everyLimitHoldsAtOnce() throws Exception {
    var peer = someone();
    traffic.limitPeer(peer, null, 1L << 20);
    traffic.limitProtocol("/cis/app/echo/1.0", 1L << 20, null);
    var flow = traffic.flow(traffic.enter(peer), ECHO);
    flow.passSending(1 << 20, 0);
    assertThatThrownBy(() -> flow.passSending(1, 0)).hasMessageContaining(peer.brief());
    flow.received(1 << 20);
    assertThatThrownBy(() -> flow.passReceiving(0)).hasMessageContaining("/cis/app/echo");
    traffic.limitPeer(peer, null, 0L);
    flow.passSending(1 << 20, 0);
    assertThat(requireNonNull(traffic.look().peers().get(peer)).limitOut()).isZero();
    assertThat(requireNonNull(traffic.look().protocols().get("/cis/app/echo")).limitIn())
        .isEqualTo(1 << 20);
  }

  @Test
  void theConfigurationIsWhatItBeginsWith() {
    var configured =
        new Traffic(
            new Bandwidth(
                5_000, 6_000, 7_000, 0, List.of("/cis/sys/blobs in=2MiB", "/a/b/1.0 out=3kB")),
            clock::get);
    var peer = someone();
    configured.enter(peer);
    var look = configured.look();
    assertThat(look.total().limitIn()).isEqualTo(5_000);
    assertThat(look.total().limitOut()).isEqualTo(6_000);
    assertThat(requireNonNull(look.peers().get(peer)).limitIn()).isEqualTo(7_000);
    assertThat(requireNonNull(look.peers().get(peer)).limitOut()).isZero();
    assertThat(requireNonNull(look.protocols().get("/cis/sys/blobs")).limitIn()).isEqualTo(2 << 20);
    assertThat(requireNonNull(look.protocols().get("/a/b")).limitOut()).isEqualTo(3_000);
  }

  @Test
  void ratesAreReadAsPeopleWriteThem() {
    assertThat(Bandwidth.parseRate("200000")).isEqualTo(200_000);
    assertThat(Bandwidth.parseRate("64KiB")).isEqualTo(65_536);
    assertThat(Bandwidth.parseRate("5MB/s")).isEqualTo(5_000_000);
    assertThat(Bandwidth.parseRate("1GiB/s")).isEqualTo(1 << 30);
    assertThat(Bandwidth.parseRate("unlimited")).isZero();
    assertThat(Bandwidth.parseRate("0")).isZero();
    for (var bad : List.of("", "-1", "10", "1MiBs", "5 MB", "999999999999GiB", "x\n")) {
      assertThatThrownBy(() -> Bandwidth.parseRate(bad))
          .as(bad)
          .isInstanceOf(Fault.class)
          .hasMessageContaining("a rate is");
    }
  }

  @Test
  void badSettingsAreRefusedByName() {
    assertThatThrownBy(() -> new Bandwidth(-1, 0, 0, 0, List.of()))
        .hasMessageContaining("transport.bandwidth_in");
    assertThatThrownBy(() -> new Bandwidth(0, 0, 0, 1000, List.of()))
        .hasMessageContaining("transport.peer_bandwidth_out");
    for (var bad : List.of("/cis/sys/blobs", "blobs in=1MiB", "/cis/sys/blobs in=fast")) {
      assertThatThrownBy(() -> new Bandwidth(0, 0, 0, 0, List.of(bad)))
          .as(bad)
          .isInstanceOf(Fault.class);
    }
    assertThatThrownBy(() -> traffic.limitAll(5L, null)).hasMessageContaining("at least 1024");
  }

  @Test
  void peersThatAreGoneAreForgottenButTheirBytesCount() {
    var kept = someone();
    traffic.limitPeer(kept, 10_000L, null);
    var connected = someone();
    traffic.enter(connected);
    for (int i = 0; i < 2 * Traffic.REMEMBERED; i++) {
      var scope =
          traffic.enter(NodeId.of(Arrays.copyOf(new byte[] {(byte) i, (byte) (i >> 8)}, 32)));
      traffic.flow(scope, ECHO).sent(7, false);
      scope.users.decrementAndGet();
    }
    var look = traffic.look();
    assertThat(look.peers()).hasSize(Traffic.REMEMBERED).containsKeys(kept, connected);
    assertThat(look.total().out().total()).isEqualTo(14L * Traffic.REMEMBERED);
  }
}
