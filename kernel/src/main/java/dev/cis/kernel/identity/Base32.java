package dev.cis.kernel.identity;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;

/** RFC 4648 section 6 base32, lower case, without padding. */
final class Base32 {
  private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

  private Base32() {}

  static String encode(byte[] bytes) {
    var text = new StringBuilder((bytes.length * 8 + 4) / 5);
    int bits = 0;
    int count = 0;
    for (byte b : bytes) {
      bits = (bits << 8) | (b & 0xFF);
      count += 8;
      while (count >= 5) {
        count -= 5;
        text.append(ALPHABET.charAt((bits >>> count) & 31));
      }
      bits &= (1 << count) - 1;
    }
    if (count > 0) {
      text.append(ALPHABET.charAt((bits << (5 - count)) & 31));
    }
    return text.toString();
  }

  static byte[] decode(String text) {
    var bytes = new byte[text.length() * 5 / 8];
    int at = 0;
    int bits = 0;
    int count = 0;
    for (int i = 0; i < text.length(); i++) {
      int value = ALPHABET.indexOf(text.charAt(i));
      if (value < 0) {
        throw bad(text);
      }
      bits = (bits << 5) | value;
      count += 5;
      if (count >= 8) {
        count -= 8;
        bytes[at++] = (byte) (bits >>> count);
        bits &= (1 << count) - 1;
      }
    }
    // One id has one text: the unused bits of the last character are zero (RFC 4648 section 3.5).
    if (bits != 0) {
      throw bad(text);
    }
    return bytes;
  }

  static boolean isBase32(String text) {
    return text.chars().allMatch(c -> ALPHABET.indexOf(c) >= 0);
  }

  /** Text of someone else's, cut and stripped of control characters, for an error message. */
  static String printable(String text) {
    var cut = text.length() > 80 ? text.substring(0, 80) + "..." : text;
    return cut.replaceAll("\\p{Cntrl}", "?");
  }

  private static Fault bad(String text) {
    return new Fault(
        KernelCode.BAD_IDENTITY, "'" + printable(text) + "' is not base32: a-z and 2-7 only");
  }
}
