package dev.cis.deploy.pack;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;

/** Writes tar archives that no honest program writes. */
final class RawTar {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  RawTar file(String name, String content) {
    return entry(name, 0644, '0', "", utf8(content));
  }

  RawTar link(String name, String target) {
    return entry(name, 0777, '2', target, new byte[0]);
  }

  RawTar directory(String name) {
    return entry(name, 0755, '5', "", new byte[0]);
  }

  RawTar entry(String name, int mode, char type, String link, byte[] content) {
    out.writeBytes(header(utf8(name), mode, type, utf8(link), content.length));
    out.writeBytes(content);
    out.writeBytes(new byte[TarHeader.padding(content.length)]);
    return this;
  }

  RawTar raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  static byte[] header(byte[] name, int mode, char type, byte[] link, long size) {
    var block = new byte[512];
    put(block, 0, name);
    put(block, 100, utf8(String.format(Locale.ROOT, "%07o", mode)));
    put(block, 108, utf8("0000000"));
    put(block, 116, utf8("0000000"));
    put(block, 124, utf8(String.format(Locale.ROOT, "%011o", size)));
    put(block, 136, utf8("00000000000"));
    put(block, 148, utf8("        "));
    block[156] = (byte) type;
    put(block, 157, link);
    put(block, 257, utf8("ustar\u000000"));
    int sum = 0;
    for (byte b : block) {
      sum += b & 0xFF;
    }
    put(block, 148, utf8(String.format(Locale.ROOT, "%06o", sum)));
    block[154] = 0;
    return block;
  }

  private static void put(byte[] block, int offset, byte[] bytes) {
    System.arraycopy(bytes, 0, block, offset, bytes.length);
  }

  byte[] unfinished() {
    return out.toByteArray();
  }

  byte[] tar() {
    var all = new ByteArrayOutputStream();
    all.writeBytes(out.toByteArray());
    all.writeBytes(new byte[1024]);
    return all.toByteArray();
  }

  byte[] gzip() throws Exception {
    return gzip(tar());
  }

  static byte[] gzip(byte[] bytes) throws Exception {
    var zipped = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(zipped)) {
      gzip.write(bytes);
    }
    return zipped.toByteArray();
  }
}
