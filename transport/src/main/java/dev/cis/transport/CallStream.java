package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.WireWriter;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** One stream of call frames, in turn. Frames are gathered and leave together. */
final class CallStream implements EventPipe.Receiver {
  private static final int PAUSE_ABOVE = 512 << 10;

  private final LinkCalls calls;
  private final Live live;
  private final Frames frames;
  private final boolean opened;
  private @Nullable EventPipe pipe;
  private @Nullable Runnable leave;
  private WireWriter out = new WireWriter();
  private boolean dirty;
  private boolean greeted;
  private boolean paused;
  private boolean peerEnded;
  private boolean alone;
  private boolean ending;
  private boolean over;
  private int reserved;

  /** How many calls of the peer came on it and are not answered. */
  int serving;

  /** Bytes of answers on it that count as held for the peer until it has ended. */
  int charged;

  private CallStream(LinkCalls calls, Live live, boolean opened, int maxFrame) {
    this.calls = calls;
    this.live = live;
    this.opened = opened;
    this.frames = new Frames(maxFrame, this::reserve);
  }

  /** A stream of ours, which says at once what it is. */
  static CallStream open(LinkCalls calls, Live live, int maxFrame) {
    var stream = new CallStream(calls, live, true, maxFrame);
    byte[] trace = new byte[StreamHeader.TRACE_BYTES];
    ThreadLocalRandom.current().nextBytes(trace);
    var header = new StreamHeader(CallFrame.PROTOCOL, "", 0, 0, Bytes.of(trace));
    stream.put(StreamHeader.CODEC.encode(header));
    stream.pipe = live.link.openEvents(stream);
    return stream;
  }

  /** A stream that the peer has opened. */
  static CallStream accepted(
      LinkCalls calls, Live live, EventPipe pipe, Runnable leave, int maxFrame) {
    var stream = new CallStream(calls, live, false, maxFrame);
    stream.leave = leave;
    stream.pipe = pipe;
    stream.put(StreamAnswer.CODEC.encode(StreamAnswer.accepted(CallFrame.PROTOCOL)));
    stream.greeted = true;
    return stream;
  }

  /** Whether we opened it. */
  boolean isOurs() {
    return opened;
  }

  boolean isOver() {
    return over;
  }

  /** Whether nothing more can be written to it. */
  boolean isEnding() {
    return ending || over;
  }

  /** Whether the peer sends no more on it. */
  boolean isPeerEnded() {
    return peerEnded;
  }

  private void put(byte[] message) {
    out.varint(message.length).raw(message);
  }

  /** Adds a frame to what leaves with the next {@link #flush}. */
  void add(CallFrame frame) {
    if (!isEnding()) {
      put(CallFrame.CODEC.encode(frame));
      touch();
    }
  }

  /** Adds the last frame. */
  void addLast(CallFrame frame) {
    // It may be long; the kept streams go first.
    pipe().rank(Priority.BULK);
    add(frame);
    end();
  }

  /** Adds the answer to a call that came on it. */
  void answer(CallFrame frame) {
    if (alone) {
      addLast(frame);
    } else {
      add(frame);
      endIfAnswered();
    }
  }

  /** It is for one call only. */
  void alone() {
    alone = true;
  }

  boolean isAlone() {
    return alone;
  }

  /** Ends our direction with the next flush. */
  void end() {
    ending = true;
    touch();
  }

  private void touch() {
    if (!dirty) {
      dirty = true;
      calls.dirty(this);
    }
  }

  /** Sends what was added. */
  void flush() {
    dirty = false;
    if (over) {
      return;
    }
    byte[] bytes = out.toByteArray();
    out = new WireWriter();
    calls.flow().sent(bytes.length, false);
    pipe().write(ByteBuffer.wrap(bytes), ending);
    if (!opened && !paused && pipe().unsent() > PAUSE_ABOVE) {
      // A caller that does not read its answers gets no further ones.
      paused = true;
      pipe().pause(true);
    }
    finishIfDone();
  }

  private EventPipe pipe() {
    return Objects.requireNonNull(pipe);
  }

  private boolean reserve(int length) {
    if (!calls.reserve(length)) {
      return false;
    }
    reserved = length;
    return true;
  }

  private void unreserve() {
    calls.unreserve(reserved);
    reserved = 0;
  }

  @Override
  public void received(ByteBuffer bytes) {
    calls.flow().received(bytes.remaining());
    try {
      byte[] frame;
      while (!over && (frame = frames.next(bytes)) != null) {
        unreserve();
        if (greeted) {
          calls.on(this, CallFrame.CODEC.decode(frame));
        } else {
          greeted = true;
          var answer = StreamAnswer.CODEC.decode(frame);
          if (answer.isRefusal()) {
            throw answer.fault(live.peer().brief());
          }
        }
      }
    } catch (Fault e) {
      fail(e);
    }
  }

  @Override
  public void settled() {
    calls.flush();
  }

  @Override
  public void ended() {
    if (peerEnded || over) {
      return;
    }
    peerEnded = true;
    if (frames.isInside()) {
      fail(
          new Fault(
              KernelCode.MALFORMED,
              "the stream of " + live.peer().brief() + " ended inside a message"));
      return;
    }
    calls.peerEnded(this);
    endIfAnswered();
    finishIfDone();
  }

  /** Ends our direction when the peer has ended its own and was answered. */
  void endIfAnswered() {
    if (peerEnded && serving == 0 && !isEnding()) {
      end();
    }
  }

  private void finishIfDone() {
    if (peerEnded && ending && !dirty && !over && pipe().unsent() <= EventPipe.LOW_WATER) {
      gone(null);
    }
  }

  private void gone(@Nullable Fault why) {
    over = true;
    unreserve();
    if (leave != null) {
      leave.run();
    }
    calls.gone(this, why);
  }

  @Override
  public void drained() {
    if (paused) {
      paused = false;
      pipe().pause(false);
    }
    finishIfDone();
  }

  @Override
  public void broken(Fault why) {
    if (!over) {
      gone(why);
    }
  }

  /** Breaks the stream off for something that the peer has done. */
  void fail(Fault why) {
    reset(why.kind(), why);
  }

  /** Breaks the stream off. */
  void reset(Kind kind, Fault why) {
    if (!over) {
      pipe().reset(kind);
      broken(why);
    }
  }
}
