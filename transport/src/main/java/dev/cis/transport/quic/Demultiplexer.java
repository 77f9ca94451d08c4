package dev.cis.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.SegmentedDatagramPacket;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the datagrams of one socket apart: by the first byte QUIC from the rest (RFC 9443), and by
 * the destination connection id connections that we dialled from those that we accept. We choose
 * our own ids for dialled connections; a peer's first Initial has an id that we do not know.
 *
 * <p>Stands before the server codec, behind which the client codec stands. Neither passes on what
 * it reads, so each is told by itself. All on the event loop.
 */
final class Demultiplexer extends ChannelInboundHandlerAdapter {
  static final int ID_BYTES = 20;
  private static final Logger LOG = LoggerFactory.getLogger(Demultiplexer.class);

  private final RawDatagrams raw;
  private final Set<ByteBuffer> dialled = new HashSet<>();
  private @Nullable ChannelHandlerContext server;
  private boolean serverRead;
  private boolean clientRead;

  Demultiplexer(RawDatagrams raw) {
    this.raw = raw;
  }

  void server(ChannelHandlerContext context) {
    server = context;
  }

  void dialled(ByteBuffer id) {
    dialled.add(id);
  }

  void closed(ByteBuffer id) {
    dialled.remove(id);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    var packet = (DatagramPacket) message;
    if (packet instanceof SegmentedDatagramPacket segmented && segmented.segmentSize() > 0) {
      // Generic receive offload: several datagrams of one sender in one buffer.
      int size = segmented.segmentSize();
      try {
        var content = packet.content();
        while (content.isReadable()) {
          var one = content.readRetainedSlice(Math.min(size, content.readableBytes()));
          route(context, new DatagramPacket(one, packet.recipient(), packet.sender()));
        }
      } finally {
        packet.release();
      }
    } else {
      route(context, packet);
    }
  }

  private void route(ChannelHandlerContext context, DatagramPacket packet) {
    var content = packet.content();
    int first = content.isReadable() ? content.getUnsignedByte(content.readerIndex()) : -1;
    if (first < 64 || (first >= 128 && first < 192)) {
      try {
        if (first >= 0) {
          raw.received(ByteBufUtil.getBytes(content), packet.sender());
        }
      } catch (RuntimeException e) {
        LOG.error("event=raw-datagram-defect from={}", packet.sender(), e);
      } finally {
        packet.release();
      }
      return;
    }
    var id = destination(content, first);
    var behind = server;
    if (id == null || behind == null) {
      packet.release();
    } else if (dialled.contains(id)) {
      clientRead = true;
      behind.fireChannelRead(packet);
    } else {
      serverRead = true;
      context.fireChannelRead(packet);
    }
  }

  /** The destination connection id (RFC 9000 sections 17.2 and 17.3), null if cut off. */
  private static @Nullable ByteBuffer destination(ByteBuf content, int first) {
    int from = content.readerIndex();
    int offset = 1;
    int length = ID_BYTES;
    if ((first & 0x80) != 0) {
      if (content.readableBytes() < 7) {
        return null;
      }
      length = content.getUnsignedByte(from + 5);
      offset = 6;
    }
    if (length > ID_BYTES || content.readableBytes() < offset + length) {
      return null;
    }
    return ByteBuffer.wrap(ByteBufUtil.getBytes(content, from + offset, length));
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    if (serverRead) {
      serverRead = false;
      context.fireChannelReadComplete();
    }
    var behind = server;
    if (clientRead && behind != null) {
      clientRead = false;
      behind.fireChannelReadComplete();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // ICMP answers and hostile packets; each concerns one datagram.
    LOG.debug("event=datagram-failed message={}", cause.toString());
  }
}
