package dev.cis.deploy.pack;

import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Inflates a gzip file (RFC 1952) of one or more members, refuses anything else behind them, and
 * stops a bomb while it goes off: the ratio is checked with every read.
 */
final class GzipReader extends InputStream {
  private static final int HEADER_CRC = 2;
  private static final int EXTRA = 4;
  private static final int NAME = 8;
  private static final int COMMENT = 16;
  private static final int MAX_FIELD = 64 * 1024;

  private final HashingInput in;
  private final PackageLimits limits;
  private final String source;
  private final Inflater inflater = new Inflater(true);
  private final CRC32 crc = new CRC32();
  private final byte[] buffer = new byte[32 * 1024];
  private int position;
  private int end;
  private long inflated;
  private boolean inMember;
  private boolean done;

  GzipReader(HashingInput in, PackageLimits limits, String source) {
    this.in = in;
    this.limits = limits;
    this.source = source;
  }

  @Override
  public int read() throws IOException {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (!done) {
      if (!inMember && !begin()) {
        done = true;
        return -1;
      }
      int read = inflate(into, offset, length);
      if (read > 0) {
        crc.update(into, offset, read);
        inflated += read;
        check();
        return read;
      }
      if (inflater.finished()) {
        finish();
      }
    }
    return -1;
  }

  private int inflate(byte[] into, int offset, int length) throws IOException {
    try {
      while (true) {
        int read = inflater.inflate(into, offset, length);
        if (read > 0 || inflater.finished()) {
          return read;
        }
        if (inflater.needsDictionary()) {
          throw damaged("it wants a preset dictionary");
        }
        fill();
        inflater.setInput(buffer, position, end - position);
        position = end;
      }
    } catch (DataFormatException e) {
      throw new Fault(
          PackCode.BAD_PACKAGE, source + " is damaged: app.tar.gz cannot be inflated", e);
    }
  }

  private void check() {
    if (inflated > limits.unpackedBytes()) {
      throw new Fault(
          PackCode.TOO_LARGE,
          source + " unpacks to more than " + limits.unpackedBytes() + " bytes");
    }
    if (inflated > limits.freeBytes()
        && inflated - limits.freeBytes() > in.count() * limits.ratio()) {
      throw new Fault(
          PackCode.TOO_LARGE,
          source + " unpacks to more than " + limits.ratio() + " times its size; is it a bomb?");
    }
  }

  /** Reads a member's header; false at the end of the file. */
  private boolean begin() throws IOException {
    if (position == end && !refill()) {
      if (inflated == 0) {
        throw damaged("app.tar.gz is empty");
      }
      return false;
    }
    if (next() != 0x1F || next() != 0x8B || next() != 8) {
      throw damaged(
          inflated == 0 ? "app.tar.gz is no gzip file" : "something follows the gzip data");
    }
    int flags = next();
    if ((flags & 0xE0) != 0) {
      throw damaged("a reserved flag of gzip is set");
    }
    for (int i = 0; i < 6; i++) {
      next(); // time, extra flags, operating system
    }
    if ((flags & EXTRA) != 0) {
      int length = next() | (next() << 8);
      for (int i = 0; i < length; i++) {
        next();
      }
    }
    if ((flags & NAME) != 0) {
      zeroTerminated();
    }
    if ((flags & COMMENT) != 0) {
      zeroTerminated();
    }
    if ((flags & HEADER_CRC) != 0) {
      next();
      next();
    }
    inflater.reset();
    inflater.setInput(buffer, position, end - position);
    position = end;
    crc.reset();
    inMember = true;
    return true;
  }

  private void zeroTerminated() throws IOException {
    for (int i = 0; i < MAX_FIELD; i++) {
      if (next() == 0) {
        return;
      }
    }
    throw damaged("a text in the gzip header has no end");
  }

  private void finish() throws IOException {
    position = end - inflater.getRemaining();
    long checksum = word();
    long size = word();
    if (checksum != crc.getValue() || size != (inflater.getBytesWritten() & 0xFFFFFFFFL)) {
      throw damaged("the checksum of app.tar.gz is wrong");
    }
    inMember = false;
  }

  private long word() throws IOException {
    long value = 0;
    for (int i = 0; i < 4; i++) {
      value |= (long) next() << (8 * i);
    }
    return value;
  }

  private int next() throws IOException {
    if (position == end) {
      fill();
    }
    return buffer[position++] & 0xFF;
  }

  private void fill() throws IOException {
    if (!refill()) {
      throw damaged("app.tar.gz is cut off");
    }
  }

  private boolean refill() throws IOException {
    position = 0;
    end = 0;
    int read = in.read(buffer, 0, buffer.length);
    if (read <= 0) {
      return false;
    }
    end = read;
    return true;
  }

  private Fault damaged(String what) {
    return TarHeader.bad(source, what);
  }

  @Override
  public void close() {
    inflater.end();
  }
}
