package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Cuts what arrives on a stream into length-prefixed frames, wherever the pieces begin and end.
 * Memory grows with what arrives, not with what a length promises. Not thread-safe.
 */
final class Frames {
  private static final int FIRST = 4096;
  private static final int MAX_SHIFT = 28;

  private final int limit;
  private final IntPredicate admitted;
  private long length;
  private int shift;
  private boolean measured;
  private byte @Nullable [] body;
  private int have;

  /**
   * A cutter.
   *
   * @param limit longest frame
   * @param admitted asked when the length of a frame is known that is not there as a whole; false
   *     refuses it as {@code transport.busy}
   */
  Frames(int limit, IntPredicate admitted) {
    this.limit = limit;
    this.admitted = admitted;
  }

  /**
   * The next whole frame, or null when the bytes are used up.
   *
   * @throws Fault {@code transport.frame-too-large}, {@code transport.busy}
   */
  byte @Nullable [] next(ByteBuffer bytes) {
    if (!measured && !measure(bytes)) {
      return null;
    }
    int whole = (int) length;
    if (body == null) {
      if (bytes.remaining() >= whole) {
        byte[] frame = new byte[whole];
        bytes.get(frame);
        reset();
        return frame;
      }
      if (!admitted.test(whole)) {
        throw new Fault(TransportCode.BUSY, "no room for a message of " + whole + " bytes");
      }
      body = new byte[Math.min(whole, Math.max(FIRST, bytes.remaining()))];
    }
    while (bytes.hasRemaining() && have < whole) {
      if (have == body.length) {
        body = Arrays.copyOf(body, (int) Math.min(whole, 4L * body.length));
      }
      int size = Math.min(bytes.remaining(), body.length - have);
      bytes.get(body, have, size);
      have += size;
    }
    if (have < whole) {
      return null;
    }
    byte[] frame = body;
    reset();
    return frame;
  }

  private boolean measure(ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      byte b = bytes.get();
      length |= (b & 0x7FL) << shift;
      if (b >= 0) {
        if (length > limit) {
          throw tooLarge();
        }
        measured = true;
        return true;
      }
      shift += 7;
      if (shift > MAX_SHIFT) {
        throw tooLarge();
      }
    }
    return false;
  }

  private Fault tooLarge() {
    return new Fault(TransportCode.FRAME_TOO_LARGE, "a message is over " + limit + " bytes");
  }

  private void reset() {
    length = 0;
    shift = 0;
    measured = false;
    body = null;
    have = 0;
  }

  /** Whether a frame has begun and not ended. */
  boolean isInside() {
    return measured || shift > 0;
  }

  /** The length of the frame whose body is arriving, 0 if there is none. */
  int promised() {
    return body == null ? 0 : (int) length;
  }
}
