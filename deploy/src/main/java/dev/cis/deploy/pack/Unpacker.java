package dev.cis.deploy.pack;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Walks through {@code app.tar.gz} once, and writes it out if it is to be unpacked. */
final class Unpacker {
  private final Path top;
  private final List<PackageReader.Entry> links = new ArrayList<>();
  private final Map<Path, Integer> directories = new HashMap<>();

  private Unpacker(Path top) {
    this.top = top;
  }

  private interface Sink {
    void take(PackageReader.Entry entry, InputStream content) throws IOException;
  }

  /** Checks everything and writes nothing. */
  static Manifest walk(
      HashingInput in, PackageLimits limits, String source, Consumer<PackageReader.Entry> entries)
      throws IOException {
    return walk(in, limits, source, (entry, content) -> entries.accept(entry));
  }

  private static Manifest walk(HashingInput in, PackageLimits limits, String source, Sink sink)
      throws IOException {
    try (var gzip = new GzipReader(in, limits, source)) {
      var tar = new TarReader(gzip, limits, source);
      var rules = new EntryRules(limits, source);
      Manifest manifest = null;
      for (var header = tar.next(); header != null; header = tar.next()) {
        var entry = rules.accept(header);
        if (entry.path().equals(Manifest.FILE)) {
          byte[] yaml = manifestBytes(entry, tar, source);
          manifest = Manifest.parse(Bytes.of(yaml), source + ": " + Manifest.FILE);
          sink.take(entry, new ByteArrayInputStream(yaml));
        } else {
          sink.take(entry, tar);
        }
      }
      if (gzip.read() >= 0) {
        throw TarHeader.bad(source, "something follows the end of its archive");
      }
      if (manifest == null) {
        throw TarHeader.bad(source, "it has no " + Manifest.FILE);
      }
      return manifest.withScripts(rules::hasFile).requireFiles(rules::hasFile, source);
    }
  }

  private static byte[] manifestBytes(PackageReader.Entry entry, InputStream in, String source)
      throws IOException {
    if (!entry.type().equals("file") || entry.size() > Manifest.MAX_BYTES) {
      throw new Fault(
          PackCode.BAD_MANIFEST,
          source
              + ": "
              + Manifest.FILE
              + " is no file of at most "
              + Manifest.MAX_BYTES
              + " bytes");
    }
    return in.readAllBytes();
  }

  static Manifest unpack(
      HashingInput in,
      PackageLimits limits,
      String source,
      PackageReader.Verified verified,
      Path destination)
      throws IOException {
    var place = destination.toAbsolutePath();
    var parent = place.getParent();
    if (parent == null || PackageReader.exists(place)) {
      throw new Fault(
          PackCode.EXISTS, "cannot unpack " + source + ": " + destination + " exists already");
    }
    Path top = fresh(parent);
    boolean moved = false;
    try {
      var unpacker = new Unpacker(top);
      var manifest = walk(in, limits, source, unpacker::write);
      unchanged(in, manifest, verified, source);
      unpacker.finish(manifest);
      unpacker.move(place, parent);
      moved = true;
      return manifest;
    } finally {
      if (!moved) {
        Storage.delete(top);
      }
    }
  }

  private static Path fresh(Path parent) {
    try {
      return Files.createTempDirectory(
          parent,
          Storage.UNFINISHED,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw Storage.failed("unpack into", parent, e);
    }
  }

  /** The bytes that were unpacked are the bytes that were signed, and say the same name. */
  private static void unchanged(
      HashingInput in, Manifest manifest, PackageReader.Verified verified, String source) {
    if (!in.digest().equals(verified.digest())) {
      throw new Fault(
          PackCode.BAD_SIGNATURE, source + " was changed after its signature was checked");
    }
    verified
        .statement()
        .ifPresent(statement -> {
          if (!statement.name().equals(manifest.name())
              || !statement.version().equals(manifest.version().toString())) {
            throw new Fault(
                PackCode.BAD_SIGNATURE,
                source
                    + " was signed as "
                    + Texts.printable(statement.name() + " " + statement.version())
                    + " but its manifest says "
                    + manifest.name()
                    + " "
                    + manifest.version());
          }
        });
  }

  private void write(PackageReader.Entry entry, InputStream content) {
    var path = entry.path().isEmpty() ? top : top.resolve(entry.path());
    try {
      switch (entry.type()) {
        case "directory" -> {
          parents(path);
          directories.put(path, entry.mode() | 0700);
        }
        case "link" -> {
          parents(parentOf(path));
          links.add(entry);
        }
        default -> {
          parents(parentOf(path));
          file(path, entry.mode(), content);
        }
      }
    } catch (IOException e) {
      throw Storage.failed("write", path, e);
    }
  }

  private static Path parentOf(Path path) {
    var parent = path.getParent();
    if (parent == null) {
      throw new IllegalStateException(path + " has no parent");
    }
    return parent;
  }

  /** Directories that the archive does not name get the usual mode. */
  private void parents(Path directory) throws IOException {
    if (!directory.equals(top) && directories.putIfAbsent(directory, 0755) == null) {
      parents(parentOf(directory));
      Files.createDirectory(directory);
    }
  }

  private static void file(Path path, int mode, InputStream content) throws IOException {
    try (var channel =
        FileChannel.open(
            path,
            EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      var buffer = new byte[64 * 1024];
      int read;
      while ((read = content.read(buffer, 0, buffer.length)) > 0) {
        var bytes = ByteBuffer.wrap(buffer, 0, read);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
      }
      Files.setPosixFilePermissions(path, Storage.permissions(mode | 0400));
      channel.force(true);
    }
  }

  private void finish(Manifest manifest) {
    var at = top;
    try {
      // Links last: nothing was ever written through one.
      for (var link : links) {
        at = top.resolve(link.path());
        Files.createSymbolicLink(at, Path.of(link.target()));
      }
      for (var program : manifest.programs()) {
        at = top.resolve(program);
        executable(at);
      }
      directories.putIfAbsent(top, 0755);
      for (var directory : directories.entrySet()) {
        at = directory.getKey();
        Files.setPosixFilePermissions(at, Storage.permissions(directory.getValue()));
        Storage.syncDirectory(at);
      }
    } catch (IOException e) {
      throw Storage.failed("write", at, e);
    }
  }

  /** Whoever may read a program may run it: not every archive keeps the bits. */
  private static void executable(Path program) throws IOException {
    if (Files.isRegularFile(program)) {
      int mode = Storage.mode(Files.getPosixFilePermissions(program));
      Files.setPosixFilePermissions(program, Storage.permissions(mode | ((mode & 0444) >> 2)));
    }
  }

  private void move(Path place, Path parent) {
    try {
      Files.move(top, place, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw Storage.failed("rename to", place, e);
    } catch (IOException e) {
      throw new Fault(PackCode.EXISTS, "cannot rename " + top + " to " + place, e);
    }
    sync(parent);
  }

  private static void sync(@Nullable Path parent) {
    try {
      if (parent != null) {
        Storage.syncDirectory(parent);
      }
    } catch (IOException e) {
      throw Storage.failed("write", parent, e);
    }
  }
}
