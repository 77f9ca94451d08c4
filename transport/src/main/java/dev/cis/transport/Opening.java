package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Waits in turn for the header of a stream that a peer has opened, so that a stream costs no thread
 * before it is known what it is.
 */
final class Opening implements EventPipe.Receiver {
  /** What becomes of the stream. */
  interface Next {
    /**
     * The header is there.
     *
     * @param size its bytes
     * @param rest what came behind it
     */
    void opened(StreamHeader header, int size, ByteBuffer rest);

    /** It will not come. */
    void failed();
  }

  private final EventPipe pipe;
  private final Duration within;
  private final Next next;
  private final Frames frames = new Frames(StreamHeader.MAX_BYTES, _ -> true);
  private int size;
  private boolean over;
  private @Nullable Runnable timer;

  Opening(EventPipe pipe, Duration within, Next next) {
    this.pipe = pipe;
    this.within = within;
    this.next = next;
  }

  @Override
  public void received(ByteBuffer bytes) {
    if (over) {
      return;
    }
    int before = bytes.remaining();
    try {
      byte[] frame = frames.next(bytes);
      size += before - bytes.remaining();
      if (frame == null) {
        if (timer == null) {
          timer = pipe.turn().after(within, () -> giveUp(Kind.TIMEOUT));
        }
        return;
      }
      var header = StreamHeader.CODEC.decode(frame);
      end();
      next.opened(header, size, ByteBuffer.allocate(bytes.remaining()).put(bytes).flip());
    } catch (Fault e) {
      giveUp(e.kind());
    }
  }

  @Override
  public void ended() {
    giveUp(Kind.INVALID);
  }

  @Override
  public void broken(Fault why) {
    if (!over) {
      end();
      next.failed();
    }
  }

  private void giveUp(Kind why) {
    if (!over) {
      end();
      pipe.reset(why);
      next.failed();
    }
  }

  private void end() {
    over = true;
    if (timer != null) {
      timer.run();
    }
  }
}
