package dev.cis.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.SegmentedDatagramPacket;
import io.netty.handler.codec.quic.SegmentedDatagramPacketAllocator;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.PromiseCombiner;
import java.net.InetSocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Generic segmentation offload for one connection: packets of one size go to the kernel in one
 * call, as many as fit into the 65,507 bytes that it takes.
 */
final class Segments implements SegmentedDatagramPacketAllocator {
  private static final Logger LOG = LoggerFactory.getLogger(Segments.class);
  private static final int MAX_BYTES = 65_000;
  private static final int MAX_SEGMENTS = 44;

  // A connection repeats the few packets of its handshake a few times.
  private static final int MAX_HANDSHAKE_PACKETS = 500;
  // RFC 9000 section 17.2: long header, fixed bit, type Handshake.
  private static final int TYPE = 0xF0;
  private static final int HANDSHAKE = 0xE0;

  private int most = MAX_SEGMENTS;
  private int largest;
  private int handshakePackets;

  private Segments() {}

  /** A fresh one for one connection; none where the socket does not know how. */
  static SegmentedDatagramPacketAllocator create() {
    return Epoll.isAvailable() ? new Segments() : SegmentedDatagramPacketAllocator.NONE;
  }

  @Override
  public int maxNumSegments() {
    return most;
  }

  /**
   * A packet of several.
   *
   * @throws IllegalStateException when QUIC does not stop: closed before its handshake is
   *     confirmed, a connection that was dialled may write acknowledgements without end (quiche in
   *     Netty 4.2.18; while it closes it adds them to probes, but no more the PING that would make
   *     a packet a probe). That would hold the event loop, and with it every connection, for good.
   *     This ends the loop, and the codec frees the connection
   */
  @Override
  public DatagramPacket newPacket(ByteBuf buffer, int segmentSize, InetSocketAddress remote) {
    if ((buffer.getUnsignedByte(buffer.readerIndex()) & TYPE) == HANDSHAKE) {
      handshakePackets += Math.ceilDiv(buffer.readableBytes(), segmentSize);
      if (handshakePackets > MAX_HANDSHAKE_PACKETS) {
        buffer.release();
        LOG.warn("event=quic-runaway remote={} packets={}", remote, handshakePackets);
        throw new IllegalStateException("QUIC repeats a handshake with " + remote + " for ever");
      }
    }
    if (segmentSize > largest) {
      largest = segmentSize;
      most = Math.clamp(MAX_BYTES / segmentSize, 1, MAX_SEGMENTS);
    }
    return new SegmentedDatagramPacket(buffer, segmentSize, remote);
  }

  /**
   * Writes a packet, in parts when it is over what the kernel takes: the first ones after the path
   * was found to carry more were collected for the smaller size.
   */
  static void write(
      ChannelHandlerContext context, SegmentedDatagramPacket packet, ChannelPromise promise) {
    var content = packet.content();
    int size = packet.segmentSize();
    if (content.readableBytes() <= MAX_BYTES) {
      var _ = context.write(packet, promise);
      return;
    }
    int part = Math.max(1, MAX_BYTES / size) * size;
    var combiner = new PromiseCombiner(context.executor());
    try {
      while (content.isReadable()) {
        var slice = content.readRetainedSlice(Math.min(part, content.readableBytes()));
        ChannelFuture written =
            context.write(
                slice.readableBytes() <= size
                    ? new DatagramPacket(slice, packet.recipient())
                    : new SegmentedDatagramPacket(slice, size, packet.recipient()));
        combiner.add((Future<?>) written);
      }
    } finally {
      packet.release();
    }
    combiner.finish(promise);
  }
}
