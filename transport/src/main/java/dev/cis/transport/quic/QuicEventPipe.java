package dev.cis.transport.quic;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.transport.EventPipe;
import dev.cis.transport.Pipe;
import dev.cis.transport.Priority;
import dev.cis.transport.TransportCode;
import dev.cis.transport.Turn;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.handler.codec.quic.DefaultQuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamResetException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A QUIC stream on the event loop. Every stream that a peer opens begins as one. */
final class QuicEventPipe extends ChannelInboundHandlerAdapter implements EventPipe {
  private static final int CHUNK = 64 << 10;
  // What Netty holds in native memory; the rest waits on the heap.
  private static final int UNDER_WAY = 256 << 10;

  private final QuicLink link;
  private final ArrayDeque<ByteBuffer> waiting = new ArrayDeque<>();
  private @Nullable QuicStreamChannel channel;
  private @Nullable Receiver receiver;
  private @Nullable QuicPipe blocking;
  private Priority rank = Priority.INTERACTIVE;
  private long unsent;
  private long underWay;
  private boolean last;
  private boolean endSent;
  private boolean pushing;
  private boolean high;
  private boolean paused;
  private boolean inputEnded;
  private boolean over;

  QuicEventPipe(QuicLink link) {
    this.link = link;
  }

  /** The stream is there. */
  void attach(QuicStreamChannel stream) {
    channel = stream;
    QuicPipe.prioritise(stream, rank);
  }

  /** The stream could not be opened, or can be written to now. */
  void opened(@Nullable Throwable cause) {
    if (cause != null) {
      link.loop().execute(() -> broken(link.openingFault(cause)));
    } else {
      push();
    }
  }

  @Override
  public Turn turn() {
    return link.turn();
  }

  @Override
  public void attend(Receiver who) {
    boolean first = receiver == null;
    receiver = who;
    if (first && channel != null) {
      channel.read();
    }
  }

  @Override
  public void write(ByteBuffer bytes, boolean end) {
    if (over) {
      return;
    }
    if (bytes.hasRemaining()) {
      waiting.add(bytes);
      unsent += bytes.remaining();
      high |= unsent > LOW_WATER;
    }
    last |= end;
    push();
  }

  /** Gives Netty as much as it shall hold. */
  private void push() {
    var stream = channel;
    if (pushing || stream == null) {
      return;
    }
    pushing = true;
    try {
      while (!over && underWay < UNDER_WAY && !waiting.isEmpty()) {
        var bytes = waiting.element();
        int size = Math.min(bytes.remaining(), CHUNK);
        var chunk = link.allocator().directBuffer(size);
        chunk.writeBytes(bytes.slice(bytes.position(), size));
        bytes.position(bytes.position() + size);
        if (!bytes.hasRemaining()) {
          waiting.remove();
        }
        underWay += size;
        endSent = last && waiting.isEmpty();
        var written = stream.write(new DefaultQuicStreamFrame(chunk, endSent));
        if (written.isSuccess()) {
          sent(size);
        } else {
          written.addListener(done -> written(size, done.cause()));
        }
      }
      if (!over && last && !endSent && waiting.isEmpty()) {
        endSent = true;
        var _ = stream.write(new DefaultQuicStreamFrame(Unpooled.EMPTY_BUFFER, true));
      }
    } finally {
      pushing = false;
    }
  }

  private void written(int size, @Nullable Throwable cause) {
    if (cause == null) {
      sent(size);
      push();
    } else {
      broken(
          cause instanceof ChannelOutputShutdownException
              ? new Fault(
                  TransportCode.STREAM_RESET, link.name() + " has stopped reading the stream")
              : link.streamFault(cause));
    }
  }

  private void sent(int size) {
    underWay -= size;
    unsent -= size;
    if (high && unsent <= LOW_WATER / 2) {
      high = false;
      // Not from inside whatever is being written just now.
      link.loop()
          .execute(() -> {
            if (receiver != null && !over) {
              receiver.drained();
            }
          });
    }
  }

  @Override
  public long unsent() {
    return unsent;
  }

  @Override
  public void rank(Priority priority) {
    rank = priority;
    if (channel != null) {
      QuicPipe.prioritise(channel, priority);
    }
  }

  @Override
  public boolean isEnded() {
    return inputEnded;
  }

  @Override
  public void pause(boolean nowPaused) {
    if (paused && !nowPaused && channel != null) {
      channel.read();
    }
    paused = nowPaused;
  }

  @Override
  public Pipe toPipe() {
    var stream = Objects.requireNonNull(channel);
    var pipe = new QuicPipe(link);
    pipe.attach(stream);
    blocking = pipe;
    receiver = null;
    stream.pipeline().replace(this, null, pipe);
    if (inputEnded) {
      pipe.inputEnded();
    } else {
      stream.read();
    }
    return pipe;
  }

  @Override
  public void stopReading(Kind why) {
    var stream = channel;
    if (stream != null && !inputEnded && !stream.isInputShutdown()) {
      var _ = stream.shutdownInput(why.closeCode(), stream.newPromise());
    }
  }

  @Override
  public void reset(Kind why) {
    over = true;
    receiver = null;
    waiting.clear();
    shutdown(why.closeCode());
  }

  private void shutdown(int code) {
    var stream = channel;
    if (stream != null && stream.isActive()) {
      var _ = stream.shutdown(code, stream.newPromise());
      var _ = stream.close();
    }
  }

  private void broken(Fault why) {
    if (!over) {
      over = true;
      waiting.clear();
      var told = receiver;
      receiver = null;
      if (told != null) {
        told.broken(why);
      }
      shutdown(why.kind().closeCode());
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    if (receiver != null) {
      context.read();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    var frame = (QuicStreamFrame) message;
    var content = frame.content();
    inputEnded |= frame.hasFin();
    try {
      if (receiver != null && content.isReadable()) {
        receiver.received(content.nioBuffer());
      }
      if (receiver != null && frame.hasFin()) {
        receiver.ended();
      }
    } finally {
      content.release();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    if (receiver != null) {
      receiver.settled();
    }
    if (!paused && !inputEnded && !over && blocking == null) {
      context.read();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    var fault = link.streamFault(cause);
    broken(
        cause instanceof QuicStreamResetException reset
                && Kind.ofCloseCode(reset.applicationProtocolCode()) == Kind.EXHAUSTED
            ? new Fault(TransportCode.BUSY, link.name() + " has no room for it", cause)
            : fault);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    boolean clean = inputEnded && last && unsent == 0;
    if (clean) {
      over = true;
      receiver = null;
    } else {
      broken(link.lostFault());
    }
  }
}
