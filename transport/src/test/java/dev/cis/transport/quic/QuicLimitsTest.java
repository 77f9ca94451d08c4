package dev.cis.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Address;
import dev.cis.transport.Await;
import dev.cis.transport.Limits;
import dev.cis.transport.LimitsConformance;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.SourceLimits;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuicLimitsTest extends LimitsConformance {
  @Override
  protected Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description) {
    return QuicSwarm.open(key, config.withListen(QuicSwarmTest.anyPort()), book, description);
  }

  @Override
  protected void waitUntilFull(Swarm swarm) {
    Await.until(
        "full",
        () -> {
          var memory = reading(swarm, "max_memory_per_peer");
          return memory.used() >= memory.limit();
        });
  }

  private static Limits sources(int perPrivateIp, int busy, int handshakes) {
    return Limits.DEFAULT.with(new SourceLimits(32, 128, 256, perPrivateIp, busy, handshakes, 128));
  }

  @Test
  void moreConnectionsFromOneAddressThanAllowedAreRefusedInTheirHandshake() {
    var b = node(sources(2, 64, 512));
    var a = plain();
    var c = plain();
    var third = plain();
    a.connect(addressOf(b), LONG);
    c.connect(addressOf(b), LONG);
    assertBusy(
        () -> third.connect(addressOf(b), LONG),
        "transport.max_connections_per_private_ip = 2 is reached");
    introduce(a, b);
    assertServed(a, b.self());
    c.disconnect(b.self());
    Await.until("one has left", () -> reading(b, "max_connections_per_private_ip").used() == 1);
    assertThat(third.connectNow(addressOf(b), LONG).peer()).isEqualTo(b.self());
    a.close();
    third.close();
    Await.until("none is there", () -> reading(b, "max_connections_per_private_ip").used() == 0);
    assertThat(reading(b, "max_connections_per_private_ip").refused()).isPositive();
    assertThat(reading(b, "max_handshakes").used()).isZero();
    Await.until("none is counted", () -> reading(b, "max_connections").used() == 0);
  }

  @Test
  void anIdleNodeAsksNobodyForProofAndABusyOneEverybody() {
    var idle = node(sources(100, 64, 512));
    var busy = node(sources(100, 0, 512));
    var a = plain();
    a.connect(addressOf(idle), LONG);
    a.connect(addressOf(busy), LONG);
    assertThat(reading(idle, "busy_handshakes").refused()).isZero();
    assertThat(reading(busy, "busy_handshakes").refused()).isPositive();
    assertThat(a.links()).hasSize(2);
  }

  @Test
  void moreHandshakesThanAllowedAreRefusedUntilTheOthersAreOver() throws Exception {
    var b = node(sources(100, 3, 3));
    var a = plain();
    var at = new InetSocketAddress(InetAddress.getLoopbackAddress(), addressOf(b).port());
    try (var socket = new DatagramSocket(QuicSwarmTest.anyPort())) {
      for (byte[] initial : initialPackets(3)) {
        socket.send(new DatagramPacket(initial, initial.length, at));
      }
      Await.until("they are begun", () -> reading(b, "max_handshakes").used() == 3);
      assertBusy(() -> a.connect(addressOf(b), LONG), "transport.max_handshakes = 3 is reached");
      assertThat(reading(b, "busy_handshakes").refused()).isPositive();
      Await.until("they are given up", () -> reading(b, "max_handshakes").used() == 0);
      assertThat(a.connectNow(addressOf(b), LONG).peer()).isEqualTo(b.self());
      assertThat(reading(b, "max_connections_per_private_ip").used()).isOne();
    }
  }

  @Test
  void dialsUnderWayCountAgainstTheHardMaximum() throws Exception {
    var a = node(TransportConfig.DEFAULT.withLimits(1, 8));
    var b = plain();
    var stranger = KeyPair.generate(new SecureRandom()).nodeId();
    try (var silent = new DatagramSocket(QuicSwarmTest.anyPort())) {
      silent.setSoTimeout(30_000);
      a.book()
          .suggest(
              stranger,
              Address.of(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), silent.getLocalPort())),
              "test");
      a.keep(stranger, "test");
      silent.receive(new DatagramPacket(new byte[2000], 2000));
      assertThat(reading(a, "max_connections").used()).isOne();
      assertBusy(() -> a.connect(addressOf(b), LONG), "transport.max_connections = 1 is reached");
      a.release(stranger, "test");
      Await.until("given up", () -> reading(a, "max_connections").used() == 0);
    }
    assertThat(a.connect(addressOf(b), LONG).peer()).isEqualTo(b.self());
  }

  /** First packets of real dials, each with its own connection id. */
  private List<byte[]> initialPackets(int count) throws Exception {
    var packets = new ArrayList<byte[]>();
    try (var trap = new DatagramSocket(QuicSwarmTest.anyPort())) {
      trap.setSoTimeout(30_000);
      var trapped =
          Address.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), trap.getLocalPort()));
      var ids = new HashSet<java.nio.ByteBuffer>();
      while (packets.size() < count) {
        var dialler = plain();
        Thread.ofVirtual()
            .start(() -> {
              try {
                dialler.connect(trapped, Duration.ofMillis(500));
              } catch (Fault expected) {
                assertThat(expected.code()).isNotNull();
              }
            });
        var packet = new DatagramPacket(new byte[2000], 2000);
        trap.receive(packet);
        byte[] bytes = Arrays.copyOf(packet.getData(), packet.getLength());
        if (ids.add(java.nio.ByteBuffer.wrap(bytes, 6, bytes[5]))) {
          packets.add(bytes);
        }
      }
    }
    return packets;
  }
}
