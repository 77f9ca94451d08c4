package dev.cis.deploy.pack;

import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tar archive: ustar, with the pax and GNU extensions for long names. What an application
 * has no use for (devices, hard links, sparse files, volumes) is refused by its type.
 */
final class TarReader extends InputStream {
  private static final int MAX_EXTENSION = 16 * 1024;
  private static final int MAX_EXTENSIONS_IN_A_ROW = 4;

  private final InputStream in;
  private final PackageLimits limits;
  private final String source;
  private long left;
  private int padding;
  private int headers;

  TarReader(InputStream in, PackageLimits limits, String source) {
    this.in = in;
    this.limits = limits;
    this.source = source;
  }

  /** Moves to the next file, directory or symbolic link; null at the end of the archive. */
  @Nullable TarHeader next() throws IOException {
    String path = null;
    String link = null;
    long size = -1;
    int extensions = 0;
    while (true) {
      skipRest();
      var block = block();
      if (TarHeader.isZero(block)) {
        if (extensions > 0) {
          throw TarHeader.bad(source, "it ends behind an extended header");
        }
        end();
        return null;
      }
      var header = TarHeader.parse(block, source);
      if (++headers > 3L * limits.entries()) {
        throw new Fault(
            PackCode.TOO_LARGE, source + " has more than " + limits.entries() + " entries");
      }
      switch (header.type()) {
        case 'L' -> path = longName(header);
        case 'K' -> link = longName(header);
        case 'x' -> {
          var pax = pax(header);
          path = pax.path == null ? path : pax.path;
          link = pax.link == null ? link : pax.link;
          size = pax.size;
        }
        case 'g' -> {
          var pax = pax(header);
          if (pax.path != null || pax.link != null || pax.size >= 0) {
            throw new Fault(
                PackCode.UNSAFE_PACKAGE, source + ": a global header renames or resizes entries");
          }
        }
        default -> {
          return entry(header, path, link, size);
        }
      }
      if (++extensions > MAX_EXTENSIONS_IN_A_ROW) {
        throw TarHeader.bad(source, "too many extended headers in a row");
      }
    }
  }

  private TarHeader entry(
      TarHeader header, @Nullable String path, @Nullable String link, long size) {
    var name = path == null ? header.name() : path;
    long bytes = size < 0 ? header.size() : size;
    char type =
        switch (header.type()) {
          case '0', '\0' -> '0';
          case '2', '5' -> header.type();
          case '1' -> throw unsafe(name, "is a hard link; pack with tar --hard-dereference");
          case '3', '4' -> throw unsafe(name, "is a device");
          case '6' -> throw unsafe(name, "is a pipe");
          case 'S' -> throw unsafe(name, "is a sparse file; pack without --sparse");
          default -> throw unsafe(name, "is of type '" + header.type() + "', which no package has");
        };
    if (type != '0' && bytes != 0) {
      throw unsafe(name, "is no file and yet has content");
    }
    if (bytes > limits.unpackedBytes()) {
      throw new Fault(
          PackCode.TOO_LARGE,
          source + ": " + Texts.printable(name) + " says it has " + bytes + " bytes");
    }
    left = bytes;
    padding = TarHeader.padding(bytes);
    return new TarHeader(name, header.mode(), bytes, type, link == null ? header.link() : link);
  }

  private Fault unsafe(String name, String what) {
    return new Fault(PackCode.UNSAFE_PACKAGE, source + ": '" + Texts.printable(name) + "' " + what);
  }

  private String longName(TarHeader header) throws IOException {
    byte[] bytes = extension(header);
    int end = bytes.length;
    while (end > 0 && bytes[end - 1] == 0) {
      end--; // GNU tar ends names with NUL
    }
    return TarHeader.utf8(java.util.Arrays.copyOf(bytes, end), source);
  }

  private byte[] extension(TarHeader header) throws IOException {
    if (header.size() > MAX_EXTENSION) {
      throw new Fault(
          PackCode.TOO_LARGE,
          source + ": an extended header of " + header.size() + " bytes, limit " + MAX_EXTENSION);
    }
    left = header.size();
    padding = TarHeader.padding(left);
    byte[] bytes = readNBytes((int) left);
    if (bytes.length < header.size()) {
      throw cutOff();
    }
    return bytes;
  }

  private record Pax(@Nullable String path, @Nullable String link, long size) {}

  /** Records of the form {@code "<length> <key>=<value>\n"} (POSIX pax, "Extended Header"). */
  private Pax pax(TarHeader header) throws IOException {
    byte[] bytes = extension(header);
    String path = null;
    String link = null;
    long size = -1;
    int at = 0;
    while (at < bytes.length) {
      int space = at;
      int length = 0;
      while (space < bytes.length
          && bytes[space] >= '0'
          && bytes[space] <= '9'
          && length < 100_000) {
        length = length * 10 + (bytes[space++] - '0');
      }
      int end = at + length;
      if (length == 0
          || end > bytes.length
          || space >= end
          || bytes[space] != ' '
          || bytes[end - 1] != '\n') {
        throw TarHeader.bad(source, "a pax header is malformed");
      }
      var record = TarHeader.utf8(java.util.Arrays.copyOfRange(bytes, space + 1, end - 1), source);
      int equals = record.indexOf('=');
      if (equals < 1) {
        throw TarHeader.bad(source, "a pax header is malformed");
      }
      var value = record.substring(equals + 1);
      switch (record.substring(0, equals)) {
        case "path" -> path = value;
        case "linkpath" -> link = value;
        case "size" -> size = size(value);
        case String key when key.startsWith("GNU.sparse") ->
            throw new Fault(
                PackCode.UNSAFE_PACKAGE, source + " holds a sparse file; pack without --sparse");
        default -> {} // times, owners, comments: not used
      }
      at = end;
    }
    return new Pax(path, link, size);
  }

  private long size(String digits) {
    if (!digits.matches("[0-9]{1,18}")) {
      throw TarHeader.bad(source, "a pax header has a size that is no number");
    }
    return Long.parseLong(digits);
  }

  @Override
  public int read() throws IOException {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  /** Reads content of the current entry. */
  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (left == 0) {
      return -1;
    }
    int read = in.read(into, offset, (int) Math.min(length, left));
    if (read < 0) {
      throw cutOff();
    }
    left -= read;
    return read;
  }

  private void skipRest() throws IOException {
    var sink = new byte[8 * 1024];
    while (left > 0) {
      int _ = read(sink, 0, sink.length);
    }
    byte[] rest = in.readNBytes(padding);
    if (rest.length < padding) {
      throw cutOff();
    }
    if (!TarHeader.isZero(rest)) {
      throw TarHeader.bad(source, "there are bytes between its entries");
    }
    padding = 0;
  }

  private byte[] block() throws IOException {
    byte[] block = in.readNBytes(TarHeader.BLOCK);
    if (block.length < TarHeader.BLOCK) {
      throw cutOff();
    }
    return block;
  }

  private void end() throws IOException {
    if (!TarHeader.isZero(block())) {
      throw TarHeader.bad(source, "one zero block stands alone");
    }
    var rest = new byte[TarHeader.BLOCK];
    int read;
    while ((read = in.readNBytes(rest, 0, rest.length)) > 0) {
      for (int i = 0; i < read; i++) {
        if (rest[i] != 0) {
          throw TarHeader.bad(source, "something follows the end of its archive");
        }
      }
    }
  }

  private Fault cutOff() {
    return TarHeader.bad(source, "app.tar is cut off");
  }
}
