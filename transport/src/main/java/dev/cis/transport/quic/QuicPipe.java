package dev.cis.transport.quic;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.transport.Pipe;
import dev.cis.transport.Priority;
import dev.cis.transport.TransportCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.handler.codec.quic.DefaultQuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamPriority;
import io.netty.handler.codec.quic.QuicStreamResetException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A QUIC stream as blocking calls. Between caller and event loop lie at most {@link #OUTGOING} and
 * {@link #INCOMING} bytes (and one chunk); beyond that the writer waits, or the loop stops reading
 * and QUIC's own flow control holds up the peer.
 */
final class QuicPipe extends ChannelInboundHandlerAdapter implements Pipe {
  private static final int CHUNK = 128 << 10;
  private static final int OUTGOING = 1 << 20;
  private static final int INCOMING = 1 << 20;
  private static final int DROPPED = 64 << 10;
  // So much of a stream waits without being counted: most calls are smaller than that.
  private static final int UNCOUNTED = 4 << 10;

  private final QuicLink link;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition readable = lock.newCondition();
  private final Condition writable = lock.newCondition();

  // Guarded by the lock.
  private final ArrayDeque<ByteBuf> received = new ArrayDeque<>();
  private int receivedBytes;
  private int outstanding;
  private int counted;
  private boolean ended;
  private boolean awaiting;
  private boolean holding;
  private boolean paused;
  private boolean dropping;
  private boolean stopped;
  private @Nullable Fault readFault;
  private @Nullable Fault writeFault;

  private volatile Priority rank = Priority.INTERACTIVE;

  // Only on the event loop.
  private final ArrayDeque<QuicStreamFrame> early = new ArrayDeque<>();
  private @Nullable QuicStreamChannel channel;
  private @Nullable StreamTail tail;
  private boolean opening;
  private boolean rearming;
  private long dropped;

  QuicPipe(QuicLink link) {
    this.link = link;
  }

  /** The stream is there. */
  void attach(QuicStreamChannel stream) {
    channel = stream;
    tail = new StreamTail(link.loop(), frame -> sendNow(stream, frame));
    prioritise(stream, rank);
  }

  @Override
  public void rank(Priority priority) {
    if (priority != rank) {
      rank = priority;
      onLoop(() -> {
        if (channel != null) {
          prioritise(channel, priority);
        }
      });
    }
  }

  /** Lower urgency goes first; streams alike take turns packet by packet. */
  static void prioritise(QuicStreamChannel stream, Priority rank) {
    int urgency =
        switch (rank) {
          case CONTROL -> 31;
          case INTERACTIVE -> 63;
          case BULK -> 127; // what quiche gives a stream without a priority, and the most
        };
    var _ = stream.updatePriority(new QuicStreamPriority(urgency, true));
  }

  /** The end of what the peer sends came before this pipe did. */
  void inputEnded() {
    lock.lock();
    try {
      ended = true;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void write(ByteBuffer bytes, boolean end, long waitNanos) throws InterruptedException {
    long left = waitNanos;
    do {
      int size = Math.min(bytes.remaining(), CHUNK);
      lock.lockInterruptibly();
      try {
        while (canWrite(size, end)
            && outstanding > 0
            && (outstanding + size > OUTGOING || isShort())) {
          left = await(writable, left);
        }
        if (stopped) {
          return; // only an end is left to say, to one who does not listen
        }
        outstanding += size;
        count();
      } finally {
        lock.unlock();
      }
      var chunk = size == 0 ? Unpooled.EMPTY_BUFFER : link.allocator().directBuffer(size);
      if (size > 0) {
        chunk.writeBytes(bytes.slice(bytes.position(), size));
        bytes.position(bytes.position() + size);
      }
      boolean last = end && !bytes.hasRemaining();
      if (size > 0 || last) {
        run(new DefaultQuicStreamFrame(chunk, last));
      }
    } while (bytes.hasRemaining());
  }

  /** Bytes that were to be sent and will not be. */
  private void gone(int size) {
    lock.lock();
    try {
      outstanding -= size;
      count();
    } finally {
      lock.unlock();
    }
  }

  /** Tells the budget what waits here. */
  private void count() {
    int waits = Math.max(0, receivedBytes - UNCOUNTED) + Math.max(0, outstanding - UNCOUNTED);
    int change = waits - counted;
    counted = waits;
    if (change > 0) {
      link.budget().take(change);
    } else if (change < 0) {
      link.budget().give(-change);
    }
  }

  /** Whether memory is short, so that what can stay elsewhere should. */
  private boolean isShort() {
    return link.budget().isExhausted();
  }

  private boolean canWrite(int size, boolean end) {
    if (stopped && !(size == 0 && end)) {
      throw new Fault(TransportCode.STREAM_RESET, link.name() + " has stopped reading the stream");
    }
    raise(writeFault);
    return true;
  }

  private void run(QuicStreamFrame frame) {
    try {
      link.loop().execute(() -> send(frame));
    } catch (RejectedExecutionException e) {
      gone(frame.content().readableBytes());
      frame.release();
      throw new Fault(TransportCode.CLOSED, "this node is stopping", e);
    }
  }

  private void send(QuicStreamFrame frame) {
    var attached = tail;
    if (attached == null) {
      early.add(frame);
      if (!opening) {
        opening = true;
        link.createStream(this, this::opened);
      }
      return;
    }
    boolean peerEnded;
    boolean urgent;
    lock.lock();
    try {
      peerEnded = ended;
      urgent = awaiting;
      holding = !urgent && !frame.hasFin();
    } finally {
      lock.unlock();
    }
    if (frame.hasFin()) {
      attached.end(frame, peerEnded, peerEnded ? link.rtt() : null);
    } else {
      attached.bytes(frame, urgent);
    }
  }

  private void sendNow(QuicStreamChannel stream, QuicStreamFrame frame) {
    int size = frame.content().readableBytes();
    stream.write(frame).addListener(done -> written(size, done.cause()));
  }

  private void flushTail() {
    if (tail != null) {
      tail.flush();
    }
  }

  private void opened(@Nullable Throwable cause) {
    if (cause != null) {
      failBoth(link.openingFault(cause));
    }
    QuicStreamFrame frame;
    while ((frame = early.poll()) != null) {
      if (channel == null) {
        gone(frame.content().readableBytes());
        frame.release();
      } else {
        send(frame);
      }
    }
  }

  private void written(int size, @Nullable Throwable cause) {
    lock.lock();
    try {
      outstanding -= size;
      count();
      if (cause instanceof ChannelOutputShutdownException) {
        stopped = true;
      } else if (cause != null && writeFault == null) {
        writeFault = link.streamFault(cause);
      }
      if (outstanding <= OUTGOING / 2 || cause != null) {
        writable.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int read(ByteBuffer into, long waitNanos) throws InterruptedException {
    boolean resume = false;
    int size = 0;
    ArrayDeque<ByteBuf> taken;
    lock.lockInterruptibly();
    try {
      long left = waitNanos;
      while (received.isEmpty()) {
        raise(readFault);
        if (ended) {
          return -1;
        }
        awaiting = true;
        if (holding) {
          holding = false;
          onLoop(this::flushTail);
        }
        left = await(readable, left);
      }
      taken = take(into.remaining());
      for (var each : taken) {
        size += each.readableBytes();
      }
      receivedBytes -= size;
      count();
      if (paused && (receivedBytes == 0 || (receivedBytes <= INCOMING / 2 && !isShort()))) {
        paused = false;
        resume = true;
      }
    } finally {
      awaiting = false;
      lock.unlock();
    }
    if (resume) {
      onLoop(this::readOn);
    }
    // Without the lock, so that the loop need not wait for the copying.
    for (var each : taken) {
      int length = each.readableBytes();
      each.readBytes(into.slice(into.position(), length));
      into.position(into.position() + length);
      each.release();
    }
    return size;
  }

  /** What has arrived, up to so many bytes. */
  private ArrayDeque<ByteBuf> take(int room) {
    var taken = new ArrayDeque<ByteBuf>();
    int left = room;
    while (left > 0 && !received.isEmpty()) {
      var first = received.element();
      int length = first.readableBytes();
      taken.add(length <= left ? received.remove() : first.readRetainedSlice(left));
      left -= Math.min(left, length);
    }
    return taken;
  }

  private void readOn() {
    if (channel != null) {
      channel.read();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // the callers loop
  private static long await(Condition condition, long left) throws InterruptedException {
    if (left <= 0) {
      throw new Fault(TransportCode.STREAM_TIMEOUT, "the peer did not answer before the deadline");
    }
    if (left == FOREVER) {
      condition.await();
      return left;
    }
    return condition.awaitNanos(left);
  }

  private static void raise(@Nullable Fault fault) {
    if (fault != null) {
      // The same words, with the stack of who hears them.
      throw new Fault(fault.code(), String.valueOf(fault.getMessage()), fault);
    }
  }

  /**
   * What is still under way from a peer that ends soon is swallowed; a peer that goes on is told to
   * stop (RFC 9000 section 3.5).
   */
  @Override
  public void stopReading(Kind why) {
    onLoop(() -> {
      lock.lock();
      try {
        dropping = true;
        drop();
        paused = false;
      } finally {
        lock.unlock();
      }
      readOn();
    });
  }

  private void drop() {
    dropped += receivedBytes;
    receivedBytes = 0;
    count();
    ByteBuf each;
    while ((each = received.poll()) != null) {
      each.release();
    }
  }

  @Override
  public void reset(Kind why) {
    var fault = new Fault(TransportCode.STREAM_RESET, "the stream was broken off here");
    onLoop(() -> {
      failBoth(fault);
      forgetUnread();
      if (channel != null && channel.isActive()) {
        var _ = channel.shutdown(why.closeCode(), channel.newPromise());
        var _ = channel.close();
      }
    });
  }

  /** Nobody reads what came before the peer's end either. */
  private void forgetUnread() {
    lock.lock();
    try {
      dropping = true;
      drop();
    } finally {
      lock.unlock();
    }
  }

  /** Both directions are over; what has arrived before a clean end can still be read. */
  void failBoth(Fault fault) {
    lock.lock();
    try {
      if (!ended && readFault == null) {
        readFault = fault;
        drop();
      }
      if (writeFault == null) {
        writeFault = fault;
      }
      readable.signalAll();
      writable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void onLoop(Runnable task) {
    try {
      link.loop().execute(task);
    } catch (RejectedExecutionException e) {
      failBoth(new Fault(TransportCode.CLOSED, "this node is stopping"));
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    context.read();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    link.heard();
    var frame = (QuicStreamFrame) message;
    var content = frame.content();
    lock.lock();
    try {
      if (content.isReadable() && readFault == null) {
        received.add(content);
        receivedBytes += content.readableBytes();
        count();
      } else {
        content.release();
      }
      if (frame.hasFin()) {
        ended = true;
      }
      if (dropping) {
        drop();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    boolean more;
    lock.lock();
    try {
      readable.signalAll(); // once for all that came together
      // With nothing unread it always goes on, or nobody would wake it up.
      more = !ended && (dropping || receivedBytes == 0 || (receivedBytes < INCOMING && !isShort()));
      paused = !more && !ended;
    } finally {
      lock.unlock();
    }
    if (dropping && dropped > DROPPED && channel != null && !channel.isInputShutdown()) {
      var _ = channel.shutdownInput(Kind.UNREACHABLE.closeCode(), channel.newPromise());
    } else if (more && !rearming) {
      // Behind all packets that wait now, so that what they bring is read and told in one go.
      rearming = true;
      context.channel().eventLoop().execute(this::rearm);
    }
  }

  private void rearm() {
    rearming = false;
    readOn();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    failBoth(link.streamFault(cause));
    if (channel != null && channel.isActive()) {
      long code =
          cause instanceof QuicStreamResetException reset
              ? reset.applicationProtocolCode()
              : Kind.UNREACHABLE.closeCode();
      var _ = channel.shutdown((int) Math.min(code, Integer.MAX_VALUE), channel.newPromise());
      var _ = channel.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    failBoth(link.lostFault());
    flushTail(); // which releases what is held
  }
}
