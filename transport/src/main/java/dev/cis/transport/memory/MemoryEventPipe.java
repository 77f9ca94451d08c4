package dev.cis.transport.memory;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.transport.EventPipe;
import dev.cis.transport.Pipe;
import dev.cis.transport.TransportCode;
import dev.cis.transport.Turn;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** One end of two byte queues, served in a link's turn. */
final class MemoryEventPipe implements EventPipe {
  private static final int PIECE = 16 << 10;

  private final Turn turn;
  private final MemoryPipe pipe;
  private final ArrayDeque<ByteBuffer> waiting = new ArrayDeque<>();
  private @Nullable Receiver receiver;
  private long unsent;
  private boolean last;
  private boolean ended;
  private boolean endSent;
  private boolean high;
  private boolean paused;
  private boolean over;

  MemoryEventPipe(Turn turn, MemoryPipe pipe) {
    this.turn = turn;
    this.pipe = pipe;
  }

  @Override
  public Turn turn() {
    return turn;
  }

  @Override
  public void attend(Receiver who) {
    boolean first = receiver == null;
    receiver = who;
    if (first) {
      pipe.watch(() -> turn.execute(this::pump));
      turn.execute(this::pump);
    }
  }

  /** Moves what can be moved, both ways. */
  private void pump() {
    try {
      push();
      pull();
    } catch (Fault e) {
      var told = receiver;
      over = true;
      receiver = null;
      waiting.clear();
      pipe.reset(e.kind());
      if (told != null) {
        told.broken(
            e.code() == TransportCode.STREAM_RESET && pipe.isBrokenFor(Kind.EXHAUSTED)
                ? new Fault(TransportCode.BUSY, "the peer has no room for it", e)
                : e);
      }
    }
  }

  private void push() {
    while (!over && !waiting.isEmpty()) {
      var bytes = waiting.element();
      int before = bytes.remaining();
      pipe.offer(bytes);
      unsent -= before - bytes.remaining();
      if (bytes.hasRemaining()) {
        break;
      }
      waiting.remove();
    }
    if (!over && last && !endSent && waiting.isEmpty()) {
      endSent = true;
      pipe.offerEnd();
    }
    if (high && unsent <= LOW_WATER / 2) {
      high = false;
      if (receiver != null) {
        receiver.drained();
      }
    }
  }

  private void pull() {
    boolean some = false;
    while (receiver != null && !paused && !ended) {
      var piece = ByteBuffer.allocate(PIECE);
      int size = pipe.poll(piece);
      if (size == 0) {
        break;
      }
      some = true;
      if (size < 0) {
        ended = true;
        receiver.ended();
      } else {
        receiver.received(piece.flip());
      }
    }
    if (some && receiver != null) {
      receiver.settled();
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
    turn.execute(this::pump);
  }

  @Override
  public long unsent() {
    return unsent;
  }

  @Override
  public boolean isEnded() {
    return ended;
  }

  @Override
  public void pause(boolean nowPaused) {
    paused = nowPaused;
    turn.execute(this::pump);
  }

  @Override
  public Pipe toPipe() {
    receiver = null;
    over = true;
    pipe.watch(null);
    return pipe;
  }

  @Override
  public void stopReading(Kind why) {
    ended = true;
    pipe.stopReading(why);
  }

  @Override
  public void reset(Kind why) {
    over = true;
    receiver = null;
    waiting.clear();
    pipe.reset(why);
  }
}
