package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.WireWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Messages and raw bytes on a pipe. The first frame in each direction is the header or the answer;
 * it is held back until there is something to send with it, so that a call costs no extra packet.
 */
final class FramedStream implements Stream {
  private static final int BUFFER = 4096;
  private static final int COPIED = 64 << 10;

  private final Pipe pipe;
  private final Live link;
  private final Flow flow;
  private final int maxFrame;
  private final boolean opener;
  private final ReentrantLock sending = new ReentrantLock();
  private final ReentrantLock receiving = new ReentrantLock();

  private volatile ProtocolId protocol;
  private volatile @Nullable Deadline deadline;
  private volatile boolean broken;
  private boolean closed;

  // Guarded by sending.
  private byte @Nullable [] preface;
  private boolean finished;

  // Whether we send blocks: settled before the stream is used.
  private volatile boolean inBlocks;

  // Whether they may be deflated: once the acceptor has agreed.
  private volatile boolean deflates;

  // Guarded by receiving.
  private ByteBuffer unread = ByteBuffer.allocate(0);
  private boolean answered;
  private boolean ended;
  private @Nullable BlockReader blocks;

  private FramedStream(Pipe pipe, Live link, ProtocolId protocol, boolean opener, int maxFrame) {
    this.pipe = pipe;
    this.link = link;
    this.protocol = protocol;
    this.opener = opener;
    this.answered = !opener;
    this.maxFrame = maxFrame;
    this.flow = link.flow(opener ? protocol : null);
    link.streamOpened(opener);
  }

  /** The opener's end. */
  static FramedStream opened(Pipe pipe, Live link, StreamHeader header, int maxFrame) {
    var stream = new FramedStream(pipe, link, header.protocol(), true, maxFrame);
    pipe.rank(stream.flow.priority());
    stream.inBlocks = header.isInBlocks();
    stream.preface = framed(StreamHeader.CODEC.encode(header));
    return stream;
  }

  /**
   * The acceptor's end.
   *
   * @param header bytes of the header
   * @param rest what came behind it
   */
  static FramedStream accepted(
      Pipe pipe, Live link, ProtocolId protocol, int maxFrame, int header, ByteBuffer rest) {
    var stream = new FramedStream(pipe, link, protocol, false, maxFrame);
    stream.unread = rest;
    stream.flow.received(header + rest.remaining());
    return stream;
  }

  /** Settles what the acceptor speaks; the opener hears it with our first bytes. */
  void accept(ProtocolId chosen) {
    accept(chosen, false, false);
  }

  /**
   * The same.
   *
   * @param asked whether the opener sends blocks and asks for compression
   * @param agreed whether it gets it
   */
  void accept(ProtocolId chosen, boolean asked, boolean agreed) {
    protocol = chosen;
    link.settle(flow, chosen);
    pipe.rank(flow.priority());
    if (asked) {
      readBlocks(agreed);
      inBlocks = agreed;
      deflates = agreed;
    }
    preface = framed(StreamAnswer.CODEC.encode(StreamAnswer.accepted(chosen, asked && agreed)));
  }

  private void readBlocks(boolean deflated) {
    blocks = new BlockReader(unread, deflated, this::takeFromPipe);
    unread = ByteBuffer.allocate(0);
  }

  /** Refuses the stream: says why, and reads no further. */
  void refuse(TransportCode code, String reason) {
    link.streamRefused();
    preface = framed(StreamAnswer.CODEC.encode(StreamAnswer.refused(code, reason)));
    close();
  }

  static byte[] framed(byte[] message) {
    return new WireWriter().varint(message.length).raw(message).toByteArray();
  }

  @Override
  public NodeId peer() {
    return link.peer();
  }

  @Override
  public Set<String> realms() {
    return link.realms;
  }

  @Override
  public ProtocolId protocol() {
    return protocol;
  }

  @Override
  public void deadline(@Nullable Duration within) {
    deadline = within == null ? null : Deadline.in(within);
  }

  private long left() {
    var until = deadline;
    if (until == null) {
      return Pipe.FOREVER;
    }
    long left = until.left();
    if (left <= 0) {
      throw timedOut();
    }
    return left;
  }

  private Fault timedOut() {
    return new Fault(
        TransportCode.STREAM_TIMEOUT,
        "the stream " + protocol + " with " + peer().brief() + " did not end before its deadline");
  }

  @Override
  public void send(byte[] message) {
    if (message.length > maxFrame) {
      throw new Fault(
          TransportCode.FRAME_TOO_LARGE,
          "a message of "
              + message.length
              + " bytes for "
              + peer().brief()
              + " is over transport.max_frame = "
              + maxFrame);
    }
    sending.lock();
    try {
      byte[] length = new WireWriter().varint(message.length).toByteArray();
      if (inBlocks && message.length <= COPIED) {
        putBlocks(joined(length, message));
      } else if (inBlocks) {
        putBlocks(ByteBuffer.wrap(length));
        putBlocks(ByteBuffer.wrap(message));
      } else if (message.length <= COPIED) {
        put(joined(takePreface(), length, message), false);
      } else {
        put(joined(takePreface(), length), false);
        put(ByteBuffer.wrap(message), false);
      }
    } finally {
      sending.unlock();
    }
  }

  @Override
  public void write(ByteBuffer bytes) {
    sending.lock();
    try {
      if (preface != null) {
        put(ByteBuffer.wrap(takePreface()), false);
      }
      if (inBlocks) {
        putBlocks(bytes);
      } else {
        put(bytes, false);
      }
    } finally {
      sending.unlock();
    }
  }

  @Override
  public void finish() {
    sending.lock();
    try {
      if (!finished) {
        put(ByteBuffer.wrap(takePreface()), true);
        finished = true;
      }
    } finally {
      sending.unlock();
    }
  }

  private void putBlocks(ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      byte[] block = Blocks.next(bytes, deflates);
      put(joined(takePreface(), block), false);
    }
  }

  private byte[] takePreface() {
    var taken = preface;
    preface = null;
    return taken == null ? new byte[0] : taken;
  }

  private static ByteBuffer joined(byte[]... parts) {
    int size = 0;
    for (byte[] part : parts) {
      size += part.length;
    }
    var whole = ByteBuffer.allocate(size);
    for (byte[] part : parts) {
      whole.put(part);
    }
    return whole.flip();
  }

  private void put(ByteBuffer bytes, boolean end) {
    try {
      while (bytes.remaining() > 0 && flow.limitsSending()) {
        int size = Math.min(bytes.remaining(), TokenBucket.QUANTUM);
        flow.passSending(size, left());
        var piece = bytes.slice(bytes.position(), size);
        bytes.position(bytes.position() + size);
        boolean last = !bytes.hasRemaining();
        pipe.write(piece, end && last, left());
        flow.sent(size, true);
        if (last) {
          return;
        }
      }
      int size = bytes.remaining();
      pipe.write(bytes, end, left());
      flow.sent(size, false);
    } catch (InterruptedException e) {
      throw interrupted();
    } catch (Fault e) {
      throw refusalBehind(e);
    }
  }

  /** A peer that refuses the stream stops reading; why it does is in the answer it has sent. */
  private Fault refusalBehind(Fault fault) {
    broken = true;
    if (fault.code() == TransportCode.STREAM_RESET && opener && receiving.tryLock()) {
      try {
        if (!answered) {
          readAnswer();
        }
      } catch (Fault refusal) {
        return refusal.code() == TransportCode.CONNECTION_LOST ? fault : refusal;
      } finally {
        receiving.unlock();
      }
    }
    return fault;
  }

  @Override
  public byte @Nullable [] receive(int limit) {
    receiving.lock();
    try {
      flushPreface();
      if (!answered) {
        readAnswer();
      }
      return frame(Math.min(limit, maxFrame));
    } finally {
      receiving.unlock();
    }
  }

  @Override
  public int read(ByteBuffer into) {
    if (!into.hasRemaining()) {
      return 0;
    }
    receiving.lock();
    try {
      flushPreface();
      if (!answered) {
        readAnswer();
      }
      if (unread.hasRemaining()) {
        int size = Math.min(unread.remaining(), into.remaining());
        into.put(unread.slice(unread.position(), size));
        unread.position(unread.position() + size);
        return size;
      }
      return take(into);
    } finally {
      receiving.unlock();
    }
  }

  /** Who waits for an answer must first have asked. */
  private void flushPreface() {
    if (opener && preface != null && sending.tryLock()) {
      try {
        if (preface != null) {
          put(ByteBuffer.wrap(takePreface()), false);
        }
      } finally {
        sending.unlock();
      }
    }
  }

  private void readAnswer() {
    answered = true;
    byte[] bytes = frame(StreamAnswer.MAX_BYTES);
    if (bytes == null) {
      throw new Fault(
          TransportCode.STREAM_RESET,
          peer().brief() + " ended the stream " + protocol + " without an answer");
    }
    var answer = decoded(() -> answer(bytes));
    if (answer.isRefusal()) {
      throw answer.fault(peer().brief());
    }
    protocol = new ProtocolId(protocol.path(), protocol.major(), answer.minor());
    if (answer.deflate()) {
      readBlocks(true);
      deflates = true;
    }
  }

  private StreamAnswer answer(byte[] bytes) {
    var answer = StreamAnswer.CODEC.decode(bytes);
    if (answer.deflate() && !inBlocks) {
      throw new Fault(
          KernelCode.MALFORMED, peer().brief() + " agreed to a compression that nobody asked for");
    }
    return answer;
  }

  private <T> T decoded(java.util.function.Supplier<T> decoder) {
    try {
      return decoder.get();
    } catch (Fault e) {
      reset(Kind.INVALID);
      throw e;
    }
  }

  private byte @Nullable [] frame(int limit) {
    long length = 0;
    for (int shift = 0; ; shift += 7) {
      if (!unread.hasRemaining() && !fill()) {
        if (shift == 0) {
          return null;
        }
        throw truncated();
      }
      byte b = unread.get();
      length |= (b & 0x7FL) << shift;
      if (b >= 0) {
        break;
      }
      if (shift >= 28) {
        length = Long.MAX_VALUE;
        break;
      }
    }
    if (length > limit) {
      reset(Kind.INVALID);
      throw new Fault(
          TransportCode.FRAME_TOO_LARGE,
          "a message on "
              + protocol
              + " from "
              + peer().brief()
              + " is over "
              + limit
              + " bytes"
              + (length > maxFrame ? ": " + link.link.budget().refuseFrame(peer().brief()) : ""));
    }
    link.link.budget().frame(length);
    return body((int) length);
  }

  /** Memory grows with what arrives, not with what the length promises. */
  private byte[] body(int length) {
    byte[] bytes = new byte[Math.min(length, COPIED)];
    int have = Math.min(unread.remaining(), bytes.length);
    unread.get(bytes, 0, have);
    int claimed = 0;
    try {
      while (have < length) {
        if (have == bytes.length) {
          int larger = (int) Math.min(length, 4L * bytes.length);
          claim(larger - claimed);
          claimed = larger;
          bytes = Arrays.copyOf(bytes, larger);
        }
        int size = take(ByteBuffer.wrap(bytes, have, bytes.length - have));
        if (size < 0) {
          throw truncated();
        }
        have += size;
      }
      return bytes;
    } finally {
      link.link.budget().give(claimed);
    }
  }

  private void claim(int bytes) {
    try {
      link.link.budget().claim(bytes, peer().brief());
    } catch (Fault e) {
      reset(e.kind());
      throw e;
    }
  }

  private Fault truncated() {
    reset(Kind.INVALID);
    return new Fault(
        KernelCode.MALFORMED,
        "the stream " + protocol + " from " + peer().brief() + " ended inside a message");
  }

  private boolean fill() {
    if (ended && blocks == null) {
      return false;
    }
    if (unread.capacity() < BUFFER) {
      unread = ByteBuffer.allocate(BUFFER);
    }
    unread.clear();
    int size;
    try {
      size = take(unread);
    } finally {
      unread.flip();
    }
    return size >= 0;
  }

  private int take(ByteBuffer into) {
    if (blocks == null) {
      return takeFromPipe(into);
    }
    try {
      return blocks.read(into);
    } catch (Fault e) {
      if (e.kind() == Kind.INVALID) {
        reset(Kind.INVALID);
      }
      throw e;
    }
  }

  private int takeFromPipe(ByteBuffer into) {
    if (ended) {
      return -1;
    }
    try {
      int size = flow.limitsReceiving() ? readLimited(into) : pipe.read(into, left());
      if (size < 0) {
        ended = true;
      } else {
        flow.received(size);
      }
      return size;
    } catch (InterruptedException e) {
      throw interrupted();
    } catch (Fault e) {
      broken = true;
      throw e;
    }
  }

  /** Does not read before it may; then QUIC's flow control holds up the peer. */
  private int readLimited(ByteBuffer into) throws InterruptedException {
    flow.passReceiving(left());
    var piece = into.slice(into.position(), Math.min(into.remaining(), TokenBucket.QUANTUM));
    int size = pipe.read(piece, left());
    into.position(into.position() + Math.max(0, size));
    return size;
  }

  private Fault interrupted() {
    reset(Kind.UNREACHABLE);
    Thread.currentThread().interrupt();
    return new Fault(
        TransportCode.STREAM_RESET,
        "the thread of stream " + protocol + " with " + peer().brief() + " was interrupted");
  }

  @Override
  public void reset(Kind why) {
    broken = true;
    pipe.reset(why);
    release();
  }

  @Override
  public void close() {
    if (!release()) {
      return;
    }
    var until = deadline;
    if (broken || (until != null && until.isOver())) {
      pipe.reset(broken ? Kind.UNREACHABLE : Kind.TIMEOUT);
      return;
    }
    try {
      finish();
      pipe.stopReading(Kind.UNREACHABLE);
    } catch (Fault e) {
      pipe.reset(e.kind());
    }
  }

  private synchronized boolean release() {
    if (closed) {
      return false;
    }
    closed = true;
    link.streamClosed();
    return true;
  }
}
