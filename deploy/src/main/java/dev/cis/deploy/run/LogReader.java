package dev.cis.deploy.run;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads the lines of one log stream one after another, and goes on where new ones appear. */
final class LogReader {
  /** Longest line in bytes; what is longer is cut and marked. */
  static final int MAX_LINE = 64 * 1024;

  private final LogFile file;
  private final ByteBuffer buffer = ByteBuffer.allocate(32 * 1024).limit(0);
  private final byte[] line = new byte[MAX_LINE];
  private int length;
  private long dropped;
  private long position;

  LogReader(LogFile file, long position) {
    this.file = file;
    this.position = position;
  }

  /** A line and the position after it; or so many bytes that are gone. */
  record Piece(String text, long end, long missing) {}

  /**
   * The next line; null when there is none yet.
   *
   * @param evenUnfinished whether to take what has no line end
   */
  @Nullable Piece next(boolean evenUnfinished) {
    while (true) {
      long missing = file.begin() - readPosition();
      if (missing > 0) {
        position = file.begin();
        buffer.limit(0);
        length = 0;
        dropped = 0;
        return new Piece("", position, missing);
      }
      if (!buffer.hasRemaining() && !fill()) {
        return evenUnfinished && length > 0 ? take() : null;
      }
      while (buffer.hasRemaining()) {
        byte b = buffer.get();
        position++;
        if (b == '\n') {
          return take();
        }
        if (length < MAX_LINE) {
          line[length++] = b;
        } else {
          dropped++;
        }
      }
    }
  }

  private long readPosition() {
    return buffer.hasRemaining() ? Long.MAX_VALUE : position;
  }

  private boolean fill() {
    buffer.clear();
    int n = file.read(position, buffer);
    buffer.flip();
    return n > 0;
  }

  private Piece take() {
    int end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
    var text = new String(line, 0, end, StandardCharsets.UTF_8);
    var whole = dropped == 0 ? text : text + " [" + dropped + " bytes cut]";
    length = 0;
    dropped = 0;
    return new Piece(whole, position, 0);
  }
}
