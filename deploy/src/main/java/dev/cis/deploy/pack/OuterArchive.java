package dev.cis.deploy.pack;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * The frame of a package: where in the file the signature and the application are.
 *
 * @param signature the bytes of {@code app.tar.gz.sig}, none when the package is not signed
 * @param applicationOffset where {@code app.tar.gz} begins
 * @param applicationSize its size in bytes
 */
record OuterArchive(Bytes signature, long applicationOffset, long applicationSize) {
  static final String SIGNATURE = "app.tar.gz.sig";
  static final String APPLICATION = "app.tar.gz";

  /** tar fills its last record; nobody uses larger ones than this. */
  private static final int MAX_TAIL = 1 << 20;

  static OuterArchive read(FileChannel channel, Path file, PackageLimits limits)
      throws IOException {
    var source = file.toString();
    long length = channel.size();
    if (length > limits.packageBytes() + MAX_TAIL) {
      throw tooLarge(source, length, limits.packageBytes());
    }
    var first = header(channel, 0, SIGNATURE, source);
    if (first.size() > PackageSignature.MAX_BYTES) {
      throw tooLarge(source + ": " + SIGNATURE, first.size(), PackageSignature.MAX_BYTES);
    }
    var signature = bytes(channel, TarHeader.BLOCK, (int) first.size(), source);
    long second = TarHeader.BLOCK + first.size();
    second = padding(channel, second, source);
    var application = header(channel, second, APPLICATION, source);
    if (application.size() > limits.packageBytes()) {
      throw tooLarge(source + ": " + APPLICATION, application.size(), limits.packageBytes());
    }
    long offset = second + TarHeader.BLOCK;
    if (offset + application.size() > length) {
      throw TarHeader.bad(source, "it is cut off");
    }
    tail(channel, padding(channel, offset + application.size(), source), source);
    return new OuterArchive(Bytes.of(signature), offset, application.size());
  }

  private static TarHeader header(FileChannel channel, long at, String name, String source)
      throws IOException {
    var header = TarHeader.parse(bytes(channel, at, TarHeader.BLOCK, source), source);
    if (!header.name().equals(name) || (header.type() != '0' && header.type() != 0)) {
      throw TarHeader.bad(
          source,
          "'"
              + name
              + "' is expected, not '"
              + Texts.printable(header.name())
              + "': a package holds "
              + SIGNATURE
              + " and then "
              + APPLICATION
              + ", nothing else");
    }
    return header;
  }

  private static long padding(FileChannel channel, long at, String source) throws IOException {
    int padding = TarHeader.padding(at);
    if (!TarHeader.isZero(bytes(channel, at, padding, source))) {
      throw TarHeader.bad(source, "there are bytes between its entries");
    }
    return at + padding;
  }

  private static void tail(FileChannel channel, long at, String source) throws IOException {
    long rest = channel.size() - at;
    if (rest < 2 * TarHeader.BLOCK) {
      throw TarHeader.bad(source, "it is cut off");
    }
    if (rest > MAX_TAIL || !TarHeader.isZero(bytes(channel, at, (int) rest, source))) {
      throw TarHeader.bad(source, "something follows " + APPLICATION);
    }
  }

  private static byte[] bytes(FileChannel channel, long at, int length, String source)
      throws IOException {
    var buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, at + buffer.position()) < 0) {
        throw TarHeader.bad(source, "it is cut off");
      }
    }
    return buffer.array();
  }

  private static Fault tooLarge(String what, long size, long limit) {
    return new Fault(PackCode.TOO_LARGE, what + " has " + size + " bytes, limit " + limit);
  }
}
