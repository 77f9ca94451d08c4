package dev.cis.api;

import dev.cis.kernel.fault.Fault;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Frames on a channel: length, type, body. One thread may read while others write. */
final class Frames {
  /** Largest JSON frame in bytes. */
  static final int MAX_JSON = 2 << 20;

  /** Largest frame of raw bytes. */
  static final int MAX_BYTES = 64 << 10;

  private static final int HEADER = 5;

  enum Type {
    JSON('J', MAX_JSON),
    BYTES('B', MAX_BYTES);

    private final byte mark;
    private final int limit;

    Type(char mark, int limit) {
      this.mark = (byte) mark;
      this.limit = limit;
    }
  }

  private final SocketChannel channel;
  private final ReentrantLock writing = new ReentrantLock();

  Frames(SocketChannel channel) {
    this.channel = channel;
  }

  void json(Object value) throws IOException {
    write(Type.JSON, RecordJson.text(value).getBytes(StandardCharsets.UTF_8));
  }

  void write(Type type, byte[] body) throws IOException {
    if (body.length > type.limit) {
      throw new Fault(
          ApiCode.TOO_LARGE, "a frame of " + body.length + " bytes, limit " + type.limit);
    }
    var frame = ByteBuffer.allocate(HEADER + body.length);
    frame.putInt(body.length).put(type.mark).put(body).flip();
    writing.lock();
    try {
      while (frame.hasRemaining()) {
        channel.write(frame);
      }
    } finally {
      writing.unlock();
    }
  }

  /** The body of the next frame, which must be of this type; null at the end of the channel. */
  byte @Nullable [] read(Type type) throws IOException {
    var header = ByteBuffer.allocate(HEADER);
    if (channel.read(header) < 0) {
      return null;
    }
    fill(header);
    header.flip();
    int length = header.getInt();
    byte mark = header.get();
    if (mark != type.mark) {
      throw new Fault(
          ApiCode.MALFORMED, "a frame of type " + (mark & 0xFF) + " where " + type + " belongs");
    }
    if (length < 0 || length > type.limit) {
      throw new Fault(
          ApiCode.TOO_LARGE,
          "a frame of " + Integer.toUnsignedLong(length) + " bytes, limit " + type.limit);
    }
    var body = ByteBuffer.allocate(length);
    fill(body);
    return body.array();
  }

  private void fill(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException("the channel ended inside a frame");
      }
    }
  }
}
