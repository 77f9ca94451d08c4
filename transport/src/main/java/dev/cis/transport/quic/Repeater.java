package dev.cis.transport.quic;

import dev.cis.transport.proto.Repeats;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.SegmentedDatagramPacket;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Watches the handshakes of one socket and repeats what was lost ({@link Repeats}). */
final class Repeater {
  // RFC 9000 section 17.2: long headers, and of these Initial and Handshake.
  private static final int TYPE = 0xF0;
  private static final int INITIAL = 0xC0;
  private static final int HANDSHAKE = 0xE0;
  private static final int IDS_AT = 5;
  private static final List<Integer> GOODBYES_MILLIS = List.of(20, 100);

  private final Repeats<Copy> repeats = new Repeats<>();
  private final EventExecutor loop;
  private final Predicate<ByteBuffer> isDialled;
  private final Consumer<DatagramPacket> again;
  private boolean scheduled;
  private boolean parting;
  private @Nullable Copy goodbye;

  private record Copy(ByteBuffer bytes, int segment, InetSocketAddress to) {
    DatagramPacket packet() {
      var content = Unpooled.wrappedBuffer(bytes.duplicate());
      return segment > 0
          ? new SegmentedDatagramPacket(content, segment, to)
          : new DatagramPacket(content, to);
    }
  }

  /**
   * A repeater.
   *
   * @param isDialled whether a connection id is one that we chose for a connection that we dial
   * @param again sends a packet once more
   */
  Repeater(EventExecutor loop, Predicate<ByteBuffer> isDialled, Consumer<DatagramPacket> again) {
    this.loop = loop;
    this.isDialled = isDialled;
    this.again = again;
  }

  /** A packet of a codec leaves. */
  void leaving(DatagramPacket packet) {
    var content = packet.content();
    if (parting && content.isReadable()) {
      goodbye = copy(packet);
    }
    if (!isHandshake(content)) {
      return;
    }
    var destination = Demultiplexer.destination(content);
    var source = source(content);
    if (destination == null || source == null) {
      return;
    }
    int segment = packet instanceof SegmentedDatagramPacket segmented ? segmented.segmentSize() : 0;
    var copy =
        new Copy(ByteBuffer.wrap(ByteBufUtil.getBytes(content)), segment, packet.recipient());
    if (isDialled.test(source)) {
      repeats.asked(source, copy, now());
      schedule();
    } else {
      repeats.replied(destination, copy);
    }
  }

  private static Copy copy(DatagramPacket packet) {
    int segment = packet instanceof SegmentedDatagramPacket segmented ? segmented.segmentSize() : 0;
    return new Copy(
        ByteBuffer.wrap(ByteBufUtil.getBytes(packet.content())), segment, packet.recipient());
  }

  /**
   * Ends a connection and repeats what says so: QUIC does not when it is lost (RFC 9000 section
   * 10.2), and the peer would take us for there until its timeout.
   *
   * @param close writes the CONNECTION_CLOSE
   */
  void part(Runnable close) {
    parting = true;
    try {
      close.run();
    } finally {
      parting = false;
    }
    var last = goodbye;
    goodbye = null;
    if (last != null) {
      for (int millis : GOODBYES_MILLIS) {
        var _ = loop.schedule(() -> again.accept(last.packet()), millis, TimeUnit.MILLISECONDS);
      }
    }
  }

  /** A packet is there for a codec; whether it was dealt with, and QUIC need not know of it. */
  boolean arriving(ByteBuffer id, DatagramPacket packet, boolean dialled) {
    if (dialled) {
      if (repeats.isWaiting()) {
        repeats.answered(id);
      }
      return false;
    }
    var content = packet.content();
    if (!isInitial(content)) {
      return false;
    }
    var source = source(content);
    if (source == null) {
      return false;
    }
    long question =
        31L * Arrays.hashCode(ByteBufUtil.getBytes(content)) + packet.sender().hashCode();
    var answer = repeats.questioned(source, question);
    answer.forEach(copy -> again.accept(copy.packet()));
    return !answer.isEmpty();
  }

  /** The connection that was dialled is over. */
  void closed(ByteBuffer id) {
    repeats.forget(id);
  }

  private void schedule() {
    var next = repeats.next();
    if (scheduled || next.isEmpty()) {
      return;
    }
    scheduled = true;
    long wait = Math.max(0, next.get().minus(now()).toNanos());
    var _ =
        loop.schedule(
            () -> {
              scheduled = false;
              repeats.due(now()).forEach(copy -> again.accept(copy.packet()));
              schedule();
            },
            wait,
            TimeUnit.NANOSECONDS);
  }

  private static Duration now() {
    return Duration.ofNanos(System.nanoTime());
  }

  private static boolean isHandshake(ByteBuf content) {
    int type = type(content);
    return type == INITIAL || type == HANDSHAKE;
  }

  private static boolean isInitial(ByteBuf content) {
    return type(content) == INITIAL;
  }

  private static int type(ByteBuf content) {
    return content.isReadable() ? content.getUnsignedByte(content.readerIndex()) & TYPE : 0;
  }

  /** The source connection id of a long header, null if cut off. */
  private static @Nullable ByteBuffer source(ByteBuf content) {
    int at = content.readerIndex() + IDS_AT;
    if (content.readableBytes() <= IDS_AT) {
      return null;
    }
    at += 1 + content.getUnsignedByte(at);
    if (at >= content.writerIndex()) {
      return null;
    }
    int length = content.getUnsignedByte(at);
    if (length > Demultiplexer.ID_BYTES || at + 1 + length > content.writerIndex()) {
      return null;
    }
    return ByteBuffer.wrap(ByteBufUtil.getBytes(content, at + 1, length));
  }
}
