package dev.cis.kernel.wire;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * Reads fields in the protocol buffers wire format from a byte range.
 *
 * <pre>{@code
 * while (in.next()) {
 *   switch (in.field()) {
 *     case 1 -> name = in.string(MAX_NAME);
 *     case 2 -> sequence = in.uint();
 *     default -> in.skip();
 *   }
 * }
 * }</pre>
 *
 * <p>A value that nobody read is skipped by the next {@link #next()}. Lengths are checked against
 * the caller's limit and against what is left before anything is allocated. Not thread-safe.
 */
public final class WireReader {
  private static final int MAX_FIELD = (1 << 29) - 1;

  private final byte[] buffer;
  private final int end;
  private int position;
  private int field;
  private int type;
  private boolean pending;

  /** Reads all of the bytes. */
  public WireReader(byte[] bytes) {
    this(bytes, 0, bytes.length);
  }

  private WireReader(byte[] bytes, int from, int end) {
    this.buffer = bytes;
    this.position = from;
    this.end = end;
  }

  /**
   * Runs a decoder and turns the exceptions that record constructors and parsers throw at bad
   * values into {@code kernel.malformed}.
   */
  public static <T> T decoding(Supplier<T> decoder) {
    try {
      return decoder.get();
    } catch (IllegalArgumentException
        | ArithmeticException
        | java.time.DateTimeException
        | IndexOutOfBoundsException
        | NullPointerException e) {
      throw new Fault(KernelCode.MALFORMED, "malformed message: " + e.getMessage(), e);
    }
  }

  /** Moves to the next field; false at the end. */
  public boolean next() {
    if (pending) {
      skip();
    }
    if (position == end) {
      return false;
    }
    long tag = varint();
    long number = tag >>> 3;
    if (number == 0 || number > MAX_FIELD) {
      throw malformed("field number " + Long.toUnsignedString(number));
    }
    field = (int) number;
    type = (int) (tag & 7);
    pending = true;
    return true;
  }

  /** The number of the field that {@link #next()} moved to. */
  public int field() {
    return field;
  }

  /** The value as an unsigned integer. */
  public long uint() {
    take(WireWriter.VARINT);
    return varint();
  }

  /** The value as an unsigned integer of at most the given limit. */
  public long uint(long limit) {
    long value = uint();
    if (Long.compareUnsigned(value, limit) > 0) {
      throw tooLarge(Long.toUnsignedString(value), limit);
    }
    return value;
  }

  /** The value as an int between 0 and the limit. */
  public int uint(int limit) {
    return (int) uint((long) limit);
  }

  /** The value as a signed integer in zigzag form. */
  public long sint() {
    long value = uint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** The value as a boolean. */
  public boolean bool() {
    return uint(1L) == 1;
  }

  /** The value as a double. */
  public double real() {
    take(WireWriter.FIXED64);
    need(8);
    long bits = 0;
    for (int i = 0; i < 8; i++) {
      bits |= (buffer[position++] & 0xFFL) << (8 * i);
    }
    return Double.longBitsToDouble(bits);
  }

  /** The value as bytes, at most {@code limit} of them. */
  public byte[] bytes(int limit) {
    int length = length(limit);
    position += length;
    return Arrays.copyOfRange(buffer, position - length, position);
  }

  /** The value as exactly {@code length} bytes: a key, a hash, a signature. */
  public byte[] exactly(int length) {
    byte[] value = bytes(length);
    if (value.length != length) {
      throw malformed("field " + field + " has " + value.length + " bytes, not " + length);
    }
    return value;
  }

  /** The value as text of at most {@code limit} bytes of valid UTF-8. */
  public String string(int limit) {
    int length = length(limit);
    try {
      var text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(buffer, position, length))
              .toString();
      position += length;
      return text;
    } catch (CharacterCodingException e) {
      throw new Fault(KernelCode.MALFORMED, "field " + field + " is not UTF-8 text", e);
    }
  }

  /** The value as a message whose encoding has at most {@code limit} bytes. */
  public <T> T message(Codec<T> codec, int limit) {
    int length = length(limit);
    position += length;
    return codec.read(new WireReader(buffer, position - length, position));
  }

  /** Passes over the value. */
  public void skip() {
    switch (type) {
      case WireWriter.VARINT -> uint();
      case WireWriter.DELIMITED -> {
        int length = length(Integer.MAX_VALUE); // moves the position itself
        position += length;
      }
      case WireWriter.FIXED64 -> skip(8);
      case WireWriter.FIXED32 -> skip(4);
      default -> throw malformed("wire type " + type + " in field " + field);
    }
  }

  /** A base-128 varint without a tag. */
  public long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      need(1);
      byte b = buffer[position++];
      if (shift == 63 && (b & 0xFE) != 0) {
        break;
      }
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw malformed("varint longer than 64 bits");
  }

  /** How many bytes are left. */
  public int remaining() {
    return end - position;
  }

  private void skip(int bytes) {
    need(bytes);
    position += bytes;
    pending = false;
  }

  private int length(int limit) {
    take(WireWriter.DELIMITED);
    long length = varint();
    if (Long.compareUnsigned(length, limit) > 0) {
      throw tooLarge(Long.toUnsignedString(length) + " bytes", limit);
    }
    need((int) length);
    return (int) length;
  }

  private void take(int wanted) {
    if (!pending || type != wanted) {
      throw malformed("field " + field + " has wire type " + type + ", not " + wanted);
    }
    pending = false;
  }

  private void need(int bytes) {
    if (end - position < bytes) {
      throw malformed("truncated: " + bytes + " more bytes wanted, " + remaining() + " left");
    }
  }

  private Fault malformed(String what) {
    return new Fault(KernelCode.MALFORMED, "malformed message: " + what);
  }

  private Fault tooLarge(String what, long limit) {
    return new Fault(KernelCode.TOO_LARGE, "field " + field + ": " + what + ", limit " + limit);
  }
}
