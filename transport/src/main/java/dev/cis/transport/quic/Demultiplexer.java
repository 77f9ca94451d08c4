package dev.cis.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.SegmentedDatagramPacket;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the datagrams of one socket apart: by the first byte QUIC from the rest (RFC 9443), and by
 * the destination connection id connections that we dialled from those that we accept. We choose
 * our own ids for dialled connections; a peer's first Initial has an id that we do not know.
 *
 * <p>Stands between the socket and the codecs. All on the event loop.
 */
final class Demultiplexer extends ChannelDuplexHandler {
  static final int ID_BYTES = 20;
  private static final Logger LOG = LoggerFactory.getLogger(Demultiplexer.class);

  private final RawDatagrams raw;
  private final Junction junction;
  private volatile RawDatagrams.@Nullable Sender sender;
  private @Nullable Codecs codecs;
  private @Nullable ChannelHandlerContext socket;

  Demultiplexer(RawDatagrams raw, Junction junction) {
    this.raw = raw;
    this.junction = junction;
  }

  /** Answers to raw datagrams go this way; what comes before that is known is dropped. */
  void sender(RawDatagrams.Sender back) {
    sender = back;
  }

  void codecs(Codecs behind) {
    codecs = behind;
  }

  @Nullable Codecs codecs() {
    return codecs;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    socket = context;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
    var packet = (DatagramPacket) message;
    if (packet instanceof SegmentedDatagramPacket segmented && segmented.segmentSize() > 0) {
      // Generic receive offload: several datagrams of one sender in one buffer.
      int size = segmented.segmentSize();
      try {
        var content = packet.content();
        while (content.isReadable()) {
          var one = content.readRetainedSlice(Math.min(size, content.readableBytes()));
          route(new DatagramPacket(one, packet.recipient(), packet.sender()));
        }
      } finally {
        packet.release();
      }
    } else {
      route(packet);
    }
  }

  private void route(DatagramPacket packet) throws Exception {
    var content = packet.content();
    int first = content.isReadable() ? content.getUnsignedByte(content.readerIndex()) : -1;
    if (first == Routes.RELAYED && junction.relayed(packet)) {
      return;
    }
    if (first < 64 || (first >= 128 && first < 192)) {
      try {
        var back = sender;
        if (first >= 0 && back != null) {
          raw.received(back, ByteBufUtil.getBytes(content), packet.sender());
        }
      } catch (RuntimeException e) {
        LOG.error("event=raw-datagram-defect from={}", packet.sender(), e);
      } finally {
        packet.release();
      }
      return;
    }
    var id = destination(content);
    var behind = codecs;
    if (id == null || behind == null) {
      packet.release();
    } else if (!junction.direct(behind, id, first, packet)) {
      behind.read(id, packet);
    }
  }

  /** The destination connection id (RFC 9000 sections 17.2 and 17.3), null if cut off. */
  static @Nullable ByteBuffer destination(ByteBuf content) {
    int from = content.readerIndex();
    int first = content.isReadable() ? content.getUnsignedByte(from) : 0;
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
  public void channelReadComplete(ChannelHandlerContext context) throws Exception {
    var behind = codecs;
    if (behind != null) {
      behind.readComplete();
    }
    junction.readComplete();
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
    var packet = (DatagramPacket) message;
    var behind = codecs;
    if (behind != null) {
      behind.leaving(packet);
    }
    pass(context, packet, promise);
  }

  /** Sends a packet of a codec once more. */
  void again(DatagramPacket packet) {
    var context = socket;
    if (context == null) {
      packet.release();
    } else {
      pass(context, packet, context.newPromise());
      context.flush();
    }
  }

  private void pass(ChannelHandlerContext context, DatagramPacket packet, ChannelPromise promise) {
    if (Routes.isVirtual(packet.recipient().getAddress())) {
      junction.leave(this, context, packet, promise);
    } else {
      send(context, packet, promise);
    }
  }

  /** Sends a packet to a real address. */
  void send(ChannelHandlerContext context, DatagramPacket packet, ChannelPromise promise) {
    var tunnel = junction.routes().through(packet.recipient());
    if (tunnel != null) {
      send(tunnel, packet);
      var _ = promise.trySuccess();
    } else if (packet instanceof SegmentedDatagramPacket segmented) {
      Segments.write(context, segmented, promise);
    } else {
      var _ = context.write(packet, promise);
    }
  }

  private static void send(Tunnel tunnel, DatagramPacket packet) {
    var content = packet.content();
    int size =
        packet instanceof SegmentedDatagramPacket segmented && segmented.segmentSize() > 0
            ? segmented.segmentSize()
            : content.readableBytes();
    try {
      while (content.isReadable()) {
        int length = Math.min(size, content.readableBytes());
        tunnel.send(packet.recipient(), content.nioBuffer(content.readerIndex(), length));
        content.skipBytes(length);
      }
    } finally {
      packet.release();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // ICMP answers and hostile packets; each concerns one datagram.
    LOG.debug("event=datagram-failed message={}", cause.toString());
  }
}
