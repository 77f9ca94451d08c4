package dev.cis.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.epoll.Epoll;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SegmentsTest {
  private static final int SIZE = 76;
  private static final int HANDSHAKE = 0xE3;
  private static final int SHORT = 0x41;

  private final InetSocketAddress peer =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 4001);

  @BeforeEach
  void onlyWhereSegmentsAre() {
    assumeTrue(Epoll.isAvailable());
  }

  private static ByteBuf packets(int first, int count) {
    var buffer = Unpooled.directBuffer(count * SIZE);
    for (int i = 0; i < count; i++) {
      buffer.writeByte(first).writeZero(SIZE - 1);
    }
    return buffer;
  }

  /** What quiche does without end when it closes a connection at the wrong moment. */
  @Test
  void aHandshakeThatNeverEndsIsBrokenOff() {
    var segments = Segments.create();
    int most = segments.maxNumSegments();
    int taken = 0;
    for (; taken + most <= 500; taken += most) {
      var packet = segments.newPacket(packets(HANDSHAKE, most), SIZE, peer);
      assertThat(packet.content().readableBytes()).isEqualTo(most * SIZE);
      packet.release();
    }
    assertThat(taken).isGreaterThan(400);
    var last = packets(HANDSHAKE, most);
    assertThatThrownBy(() -> segments.newPacket(last, SIZE, peer))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("127.0.0.1:4001");
    assertThat(last.refCnt()).isZero();
  }

  @Test
  void packetsOfAConnectionThatStandsAreNotCounted() {
    var segments = Segments.create();
    for (int i = 0; i < 1_000; i++) {
      var packet = segments.newPacket(packets(SHORT, 44), SIZE, peer);
      assertThat(packet.recipient()).isEqualTo(peer);
      packet.release();
    }
  }
}
