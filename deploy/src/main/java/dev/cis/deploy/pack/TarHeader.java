package dev.cis.deploy.pack;

import dev.cis.kernel.fault.Fault;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One header block of a tar archive (POSIX.1-2017, pax, "ustar Interchange Format"; the GNU variant
 * differs in magic and prefix). Archives older than ustar are refused.
 *
 * @param name with the prefix before it
 * @param mode the low twelve bits
 * @param size bytes that follow, before padding
 * @param type the typeflag
 * @param link the linkname
 */
record TarHeader(String name, int mode, long size, char type, String link) {
  static final int BLOCK = 512;

  private static final int CHECKSUM_OFFSET = 148;

  static boolean isZero(byte[] block) {
    for (byte b : block) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  /** Bytes up to the next block. */
  static int padding(long size) {
    return (int) (-size & (BLOCK - 1));
  }

  static TarHeader parse(byte[] block, String source) {
    long sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      boolean inChecksum = i >= CHECKSUM_OFFSET && i < CHECKSUM_OFFSET + 8;
      sum += inChecksum ? ' ' : block[i] & 0xFF;
    }
    if (sum != number(block, CHECKSUM_OFFSET, 8, source)) {
      throw bad(source, "a header's checksum is wrong");
    }
    var magic = new String(block, 257, 8, StandardCharsets.ISO_8859_1);
    boolean posix = magic.equals("ustar\u000000");
    if (!posix && !magic.equals("ustar  \0")) {
      throw bad(source, "a header is not of the ustar format");
    }
    var name = text(block, 0, 100, source);
    var prefix = posix ? text(block, 345, 155, source) : "";
    return new TarHeader(
        prefix.isEmpty() ? name : prefix + "/" + name,
        (int) number(block, 100, 8, source) & 07777,
        number(block, 124, 12, source),
        (char) (block[156] & 0xFF),
        text(block, 157, 100, source));
  }

  /** Octal digits, or GNU's base-256 for what octal digits cannot hold. */
  private static long number(byte[] block, int offset, int length, String source) {
    if ((block[offset] & 0x80) != 0) {
      long value = block[offset] & 0x7F;
      for (int i = 1; i < length; i++) {
        if (value >>> 55 != 0) {
          throw bad(source, "a number in a header is too large");
        }
        value = (value << 8) | (block[offset + i] & 0xFF);
      }
      return value;
    }
    int at = offset;
    int end = offset + length;
    while (at < end && block[at] == ' ') {
      at++;
    }
    long value = 0;
    for (; at < end && block[at] >= '0' && block[at] <= '7'; at++) {
      value = (value << 3) | (block[at] - '0');
    }
    for (; at < end; at++) {
      if (block[at] != 0 && block[at] != ' ') {
        throw bad(source, "a number in a header is not octal");
      }
    }
    return value;
  }

  private static String text(byte[] block, int offset, int length, String source) {
    int end = offset;
    while (end < offset + length && block[end] != 0) {
      end++;
    }
    return utf8(Arrays.copyOfRange(block, offset, end), source);
  }

  static String utf8(byte[] bytes, String source) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new Fault(PackCode.UNSAFE_PACKAGE, source + ": a name is not UTF-8", e);
    }
  }

  static Fault bad(String source, String what) {
    return new Fault(PackCode.BAD_PACKAGE, source + " is damaged or no package: " + what);
  }
}
