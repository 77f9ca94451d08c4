package dev.cis.deploy.pack;

import dev.cis.kernel.fault.Fault;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/** The files that go into a package, found and checked before the first byte is written. */
final class SourceTree {
  /** RFC 1952 section 2.3: deflate, no name, no time, unknown system. */
  private static final byte[] GZIP_HEADER = {0x1F, (byte) 0x8B, 8, 0, 0, 0, 0, 0, 0, (byte) 0xFF};

  private final Path top;
  private final List<PackageReader.Entry> entries;
  private final long time;

  private SourceTree(Path top, List<PackageReader.Entry> entries, long time) {
    this.top = top;
    this.entries = entries;
    this.time = time;
  }

  /** Finds all files under {@code top}, without those under {@code outDir} if it lies inside. */
  static SourceTree read(Path top, Path outDir, PackageLimits limits, Manifest manifest)
      throws IOException {
    var headers = new ArrayList<TarHeader>();
    var skipped = outDir.toRealPath();
    boolean inside = !top.toRealPath().equals(skipped);
    Files.walkFileTree(
        top,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes is)
              throws IOException {
            if (inside && directory.toRealPath().equals(skipped)) {
              return FileVisitResult.SKIP_SUBTREE;
            }
            if (!directory.equals(top)) {
              headers.add(header(top, directory, is));
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes is) throws IOException {
            if (!isOurs(top, file)) {
              headers.add(header(top, file, is));
            }
            return FileVisitResult.CONTINUE;
          }
        });
    // The manifest first, so that looking at a package need not unpack all of it.
    headers.sort(
        Comparator.comparing((TarHeader header) -> !header.name().equals(Manifest.FILE))
            .thenComparing(TarHeader::name));
    var rules = new EntryRules(limits, top.toString());
    var entries = headers.stream().map(rules::accept).toList();
    manifest.requireFiles(rules::hasFile, top.toString());
    long time = manifest.createdAt().map(Instant::getEpochSecond).orElse(0L);
    return new SourceTree(top, entries, time);
  }

  /** Packages and what the packer itself leaves at the top when it packs into the source. */
  private static boolean isOurs(Path top, Path file) {
    var name = String.valueOf(file.getFileName());
    return top.equals(file.getParent()) && (name.endsWith(".p2p") || name.startsWith(".packing-"));
  }

  private static TarHeader header(Path top, Path file, BasicFileAttributes is) throws IOException {
    var path = top.relativize(file).toString();
    int mode = Storage.mode(Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS));
    if (is.isDirectory()) {
      return new TarHeader(path, mode, 0, '5', "");
    }
    if (is.isSymbolicLink()) {
      return new TarHeader(path, 0777, 0, '2', Files.readSymbolicLink(file).toString());
    }
    if (!is.isRegularFile()) {
      throw new Fault(
          PackCode.BAD_SOURCE, file + " is neither file, directory nor link; take it out");
    }
    return new TarHeader(path, mode, is.size(), '0', "");
  }

  void write(Path gzip) throws IOException {
    var deflater = new Deflater(6, true);
    try (OutputStream file = new BufferedOutputStream(Files.newOutputStream(gzip), 65_536)) {
      file.write(GZIP_HEADER);
      var checked = new Checked(new DeflaterOutputStream(file, deflater, 65_536));
      var tar = new TarWriter(checked, time);
      for (var entry : entries) {
        write(tar, checked, entry);
      }
      tar.end();
      checked.finish();
      little(file, checked.crc.getValue());
      little(file, checked.count);
    } finally {
      deflater.end();
    }
  }

  private void write(TarWriter tar, Checked out, PackageReader.Entry entry) throws IOException {
    switch (entry.type()) {
      case "directory" -> tar.directory(entry.path(), entry.mode());
      case "link" -> tar.link(entry.path(), entry.target());
      default -> {
        var file = top.resolve(entry.path());
        tar.file(entry.path(), entry.mode(), entry.size());
        long before = out.count;
        Files.copy(file, out);
        if (out.count - before != entry.size()) {
          throw new Fault(
              PackCode.BAD_SOURCE, file + " changed while it was being packed; pack again");
        }
        tar.pad(entry.size());
      }
    }
  }

  private static void little(OutputStream out, long word) throws IOException {
    for (int i = 0; i < 4; i++) {
      out.write((int) (word >>> (8 * i)) & 0xFF);
    }
  }

  /** Counts and sums what goes into the deflater. */
  private static final class Checked extends OutputStream {
    private final DeflaterOutputStream out;
    private final CRC32 crc = new CRC32();
    private long count;

    Checked(DeflaterOutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
      crc.update(bytes, offset, length);
      count += length;
    }

    void finish() throws IOException {
      out.finish();
    }
  }
}
