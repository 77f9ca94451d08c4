package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.WireWriter;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * Blocks of a compressed direction of a stream: at most 64 KiB each, deflated (RFC 1951) if that
 * makes it smaller. No block needs another, so a stream holds no state of the compressor: that is
 * borrowed for one block, and its native memory is bounded by the threads at work.
 */
final class Blocks {
  /** Most bytes in a block, before it is deflated. */
  static final int MOST = 64 << 10;

  /** Below this, deflate saves next to nothing. */
  private static final int LEAST = 64;

  private static final int KEPT = 4;
  private static final ArrayBlockingQueue<Deflater> DEFLATERS = new ArrayBlockingQueue<>(KEPT);
  private static final ArrayBlockingQueue<Inflater> INFLATERS = new ArrayBlockingQueue<>(KEPT);

  private Blocks() {}

  /**
   * The next bytes as one block with its head.
   *
   * @param bytes at most {@link #MOST} of them are used up
   * @param deflate whether the reader takes deflated ones
   */
  static byte[] next(ByteBuffer bytes, boolean deflate) {
    int size = Math.min(bytes.remaining(), MOST);
    byte[] plain = new byte[size];
    bytes.get(plain);
    if (deflate && size >= LEAST) {
      byte[] out = new byte[size - 4]; // smaller with its head, or not worth it
      int length = deflated(plain, out);
      if (length > 0) {
        return head(size, true).varint(length).raw(Arrays.copyOf(out, length)).toByteArray();
      }
    }
    return head(size, false).raw(plain).toByteArray();
  }

  private static WireWriter head(int size, boolean deflated) {
    return new WireWriter().varint(2L * size + (deflated ? 1 : 0));
  }

  /** How many bytes it became, 0 if they do not fit. */
  private static int deflated(byte[] plain, byte[] out) {
    var kept = DEFLATERS.poll();
    var deflater = kept == null ? new Deflater(Deflater.BEST_SPEED, true) : kept;
    try {
      deflater.setInput(plain);
      deflater.finish();
      int length = deflater.deflate(out);
      return deflater.finished() ? length : 0;
    } finally {
      deflater.reset();
      if (!DEFLATERS.offer(deflater)) {
        deflater.end();
      }
    }
  }

  /** The bytes of a deflated block, which must be exactly as many as it says. */
  static byte[] inflated(byte[] deflated, int size) {
    var kept = INFLATERS.poll();
    var inflater = kept == null ? new Inflater(true) : kept;
    try {
      inflater.setInput(deflated);
      byte[] plain = new byte[size];
      int have = inflater.inflate(plain);
      // The mark of the end may not have been read yet; more output would show here.
      int more = inflater.finished() ? 0 : inflater.inflate(new byte[1]);
      if (have != size || more > 0 || !inflater.finished() || inflater.getRemaining() > 0) {
        throw new Fault(
            KernelCode.MALFORMED, "a deflated block does not hold the " + size + " bytes it says");
      }
      return plain;
    } catch (DataFormatException e) {
      throw new Fault(KernelCode.MALFORMED, "a block is not deflate: " + e.getMessage(), e);
    } finally {
      inflater.reset();
      if (!INFLATERS.offer(inflater)) {
        inflater.end();
      }
    }
  }
}
