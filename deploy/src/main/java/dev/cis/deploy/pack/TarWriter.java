package dev.cis.deploy.pack;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * Writes ustar with owner 0 and no names of owners, so that the same files give the same bytes. A
 * path or link target of more than 100 bytes gets a pax header.
 */
final class TarWriter {
  private static final int NAME_BYTES = 100;

  private final OutputStream out;
  private final long time;

  /** {@code time} is the modification time of everything, in seconds since 1970. */
  TarWriter(OutputStream out, long time) {
    this.out = out;
    this.time = time;
  }

  void directory(String path, int mode) throws IOException {
    header(path + "/", mode, 0, '5', "");
  }

  void link(String path, String target) throws IOException {
    header(path, 0777, 0, '2', target);
  }

  /** The header of a file; exactly {@code size} bytes and then {@link #pad} must follow. */
  void file(String path, int mode, long size) throws IOException {
    header(path, mode, size, '0', "");
  }

  void pad(long size) throws IOException {
    out.write(new byte[TarHeader.padding(size)]);
  }

  void end() throws IOException {
    out.write(new byte[2 * TarHeader.BLOCK]);
  }

  private void header(String path, int mode, long size, char type, String target)
      throws IOException {
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    byte[] link = target.getBytes(StandardCharsets.UTF_8);
    if (name.length > NAME_BYTES || link.length > NAME_BYTES) {
      var pax = new StringBuilder();
      if (name.length > NAME_BYTES) {
        pax.append(paxRecord("path", path));
      }
      if (link.length > NAME_BYTES) {
        pax.append(paxRecord("linkpath", target));
      }
      byte[] records = pax.toString().getBytes(StandardCharsets.UTF_8);
      block("pax".getBytes(StandardCharsets.UTF_8), 0644, records.length, 'x', new byte[0]);
      out.write(records);
      pad(records.length);
    }
    block(name, mode, size, type, link);
  }

  /** The length counts itself too. */
  private static String paxRecord(String key, String value) {
    int rest = (" " + key + "=" + value + "\n").getBytes(StandardCharsets.UTF_8).length;
    int length = rest;
    while (length != rest + Integer.toString(length).length()) {
      length = rest + Integer.toString(length).length();
    }
    return length + " " + key + "=" + value + "\n";
  }

  private void block(byte[] name, int mode, long size, char type, byte[] link) throws IOException {
    var block = new byte[TarHeader.BLOCK];
    put(block, 0, Arrays.copyOf(name, Math.min(name.length, NAME_BYTES)));
    put(block, 100, octal(mode, 7));
    put(block, 108, octal(0, 7));
    put(block, 116, octal(0, 7));
    put(block, 124, octal(size, 11));
    put(block, 136, octal(time, 11));
    put(block, 148, "        ".getBytes(StandardCharsets.US_ASCII));
    block[156] = (byte) type;
    put(block, 157, Arrays.copyOf(link, Math.min(link.length, NAME_BYTES)));
    put(block, 257, "ustar\u000000".getBytes(StandardCharsets.US_ASCII));
    int sum = 0;
    for (byte b : block) {
      sum += b & 0xFF;
    }
    put(block, 148, octal(sum, 6));
    block[154] = 0;
    out.write(block);
  }

  private static byte[] octal(long value, int digits) {
    return String.format(Locale.ROOT, "%0" + digits + "o", value)
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static void put(byte[] block, int offset, byte[] bytes) {
    System.arraycopy(bytes, 0, block, offset, bytes.length);
  }
}
