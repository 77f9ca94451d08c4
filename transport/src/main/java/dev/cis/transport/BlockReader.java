package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import java.nio.ByteBuffer;

/** Reads {@link Blocks}, of which it holds one at most. Not thread-safe. */
final class BlockReader {
  private static final int BUFFER = 4096;
  private static final int HEAD_BYTES = 3;

  /** Where the blocks come from: at least one byte each time, -1 at the end. */
  interface Wire {
    int read(ByteBuffer into);
  }

  private final boolean deflate;
  private final Wire wire;
  private ByteBuffer come;
  private ByteBuffer plain = ByteBuffer.allocate(0);
  private int raw;

  /**
   * A reader between two blocks.
   *
   * @param come what has been read from the wire already
   * @param deflate whether deflated blocks were agreed on
   */
  BlockReader(ByteBuffer come, boolean deflate, Wire wire) {
    this.come = come;
    this.deflate = deflate;
    this.wire = wire;
  }

  /**
   * Reads at least one byte into the buffer, which has room.
   *
   * @return how many, or -1 at the end
   * @throws Fault {@code kernel.malformed}, {@code transport.frame-too-large}, and what the wire
   *     fails with
   */
  int read(ByteBuffer into) {
    if (raw == 0 && !plain.hasRemaining() && !next()) {
      return -1;
    }
    if (plain.hasRemaining()) {
      return move(plain, into, plain.remaining());
    }
    int size = take(into, raw);
    raw -= size;
    return size;
  }

  private boolean next() {
    if (!come.hasRemaining() && !fill()) {
      return false;
    }
    int head = varint();
    int size = head >>> 1;
    if (size > Blocks.MOST) {
      throw new Fault(
          TransportCode.FRAME_TOO_LARGE, "a block says " + size + " bytes, over " + Blocks.MOST);
    }
    if (size == 0) {
      throw malformed("an empty block");
    }
    if ((head & 1) == 0) {
      raw = size;
    } else if (deflate) {
      plain = ByteBuffer.wrap(Blocks.inflated(deflated(size), size));
    } else {
      throw malformed("a deflated block, which was not agreed on");
    }
    return true;
  }

  private byte[] deflated(int size) {
    int length = varint();
    if (length == 0 || length >= size) {
      throw malformed("a block of " + size + " bytes deflated to " + length);
    }
    var bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      take(bytes, bytes.remaining());
    }
    return bytes.array();
  }

  private int varint() {
    int value = 0;
    for (int i = 0; i < HEAD_BYTES; i++) {
      if (!come.hasRemaining() && !fill()) {
        throw truncated();
      }
      byte b = come.get();
      value |= (b & 0x7F) << (7 * i);
      if (b >= 0) {
        return value;
      }
    }
    throw new Fault(TransportCode.FRAME_TOO_LARGE, "the size of a block is over 3 bytes long");
  }

  private boolean fill() {
    if (come.capacity() < BUFFER) {
      come = ByteBuffer.allocate(BUFFER);
    }
    come.clear();
    try {
      return wire.read(come) >= 0;
    } finally {
      come.flip();
    }
  }

  /** Some bytes of this block, at most so many. */
  private int take(ByteBuffer into, int most) {
    if (come.hasRemaining()) {
      return move(come, into, most);
    }
    var piece = into.slice(into.position(), Math.min(most, into.remaining()));
    int size = wire.read(piece);
    if (size < 0) {
      throw truncated();
    }
    into.position(into.position() + size);
    return size;
  }

  private static int move(ByteBuffer from, ByteBuffer into, int most) {
    int size = Math.min(Math.min(from.remaining(), into.remaining()), most);
    into.put(from.slice(from.position(), size));
    from.position(from.position() + size);
    return size;
  }

  private static Fault truncated() {
    return malformed("the stream ended inside a block");
  }

  private static Fault malformed(String what) {
    return new Fault(KernelCode.MALFORMED, what);
  }
}
