package dev.cis.transport;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;

/** Text that crosses the wire in either direction, made fit for it. */
final class Wording {
  private Wording() {}

  /** The longest beginning whose UTF-8 form has at most so many bytes. */
  static String cut(String text, int bytes) {
    var out = ByteBuffer.allocate(bytes);
    var in = CharBuffer.wrap(text);
    var _ = StandardCharsets.UTF_8.newEncoder().encode(in, out, true);
    return text.substring(0, in.position());
  }

  /** A duration as people say it: {@code 300 ms}, {@code 2.5 s}, {@code 48 s}. */
  static String seconds(java.time.Duration duration) {
    long millis = duration.toMillis();
    if (millis < 1000) {
      return Math.max(1, millis) + " ms";
    }
    return millis < 10_000
        ? millis / 1000 + "." + millis % 1000 / 100 + " s"
        : (millis + 500) / 1000 + " s";
  }

  /** Someone else's words without control characters, for one line of a message or log. */
  static String printable(String text) {
    var cut = text.length() > 200 ? text.substring(0, 200) + "..." : text;
    return cut.replaceAll("\\p{Cntrl}", "?");
  }
}
