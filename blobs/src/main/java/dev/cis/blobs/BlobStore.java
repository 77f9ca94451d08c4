package dev.cis.blobs;

import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Optional;

/**
 * The files of blobs: {@code <digest>} for a whole one, {@code manifests/<digest>} for its chunk
 * list, {@code partial/} for what is on its way. A blob is moved to its name only when all of it is
 * on disk and has its digest; so after a crash whatever has such a name is whole.
 */
final class BlobStore {
  private static final String INCOMING = "incoming-";

  private final Path directory;
  private final Path manifests;
  private final Path partial;
  private final long maxBytes;

  BlobStore(Path directory, long maxBytes) {
    this.directory = directory;
    this.manifests = directory.resolve("manifests");
    this.partial = directory.resolve("partial");
    this.maxBytes = maxBytes;
    try {
      var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
      Files.createDirectories(directory, mode);
      Files.createDirectories(manifests, mode);
      Files.createDirectories(partial, mode);
      sweep();
    } catch (IOException e) {
      throw failed("open", directory, e);
    }
  }

  /** Removes what was being put when the last process ended; what was being fetched stays. */
  private void sweep() throws IOException {
    try (var leftovers = Files.newDirectoryStream(partial, INCOMING + "*")) {
      for (var leftover : leftovers) {
        Files.deleteIfExists(leftover);
      }
    }
  }

  Path blob(Digest digest) {
    return directory.resolve(digest.toString());
  }

  Path partialData(Digest digest) {
    return partial.resolve(digest + ".data");
  }

  Path partialList(Digest digest) {
    return partial.resolve(digest + ".list");
  }

  private Path list(Digest digest) {
    return manifests.resolve(digest.toString());
  }

  Optional<Path> find(Digest digest) {
    return Files.isRegularFile(blob(digest)) ? Optional.of(blob(digest)) : Optional.empty();
  }

  Digest put(InputStream in) throws IOException {
    Path file;
    try {
      file = Files.createTempFile(partial, INCOMING, "");
    } catch (IOException e) {
      throw failed("write", partial, e);
    }
    try {
      var list = copy(in, file);
      if (find(list.digest()).isEmpty()) {
        publish(file, list);
      }
      return list.digest();
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /** Only the caller's stream fails with an IOException; trouble of ours is a fault. */
  private ChunkList copy(InputStream in, Path file) throws IOException {
    var whole = Digest.sha256();
    var chunks = new ArrayList<ChunkList.Chunk>();
    long size = 0;
    FileChannel channel = openForWriting(file);
    try {
      while (true) {
        byte[] chunk = in.readNBytes(ChunkList.CHUNK_BYTES);
        if (chunk.length == 0) {
          break;
        }
        size += chunk.length;
        if (size > maxBytes) {
          throw new Fault(
              BlobsCode.TOO_LARGE, "the blob is larger than max_blob_bytes, " + maxBytes);
        }
        whole.update(chunk);
        chunks.add(new ChunkList.Chunk(chunk.length, Digest.ofBytes(chunk)));
        write(channel, file, ByteBuffer.wrap(chunk));
      }
      force(channel, file);
    } finally {
      channel.close();
    }
    return new ChunkList(Digest.of(whole.digest()), size, chunks);
  }

  private static FileChannel openForWriting(Path file) {
    try {
      return FileChannel.open(file, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw failed("write", file, e);
    }
  }

  private static void write(FileChannel channel, Path file, ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw failed("write", file, e);
    }
  }

  private static void force(FileChannel channel, Path file) {
    try {
      channel.force(true);
    } catch (IOException e) {
      throw failed("write", file, e);
    }
  }

  /** Gives a file that is complete, verified and on disk its name. */
  void publish(Path file, ChunkList list) {
    try {
      writeDurably(list(list.digest()), ChunkList.CODEC.encode(list));
      Files.move(file, blob(list.digest()), StandardCopyOption.ATOMIC_MOVE);
      syncDirectory(directory);
    } catch (IOException e) {
      throw failed("write", blob(list.digest()), e);
    }
  }

  void writeDurably(Path file, byte[] bytes) throws IOException {
    var temporary = Files.createTempFile(partial, INCOMING, "");
    try {
      try (var channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        var buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        channel.force(true);
      }
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      var parent = file.getParent();
      if (parent != null) {
        syncDirectory(parent);
      }
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static void syncDirectory(Path directory) throws IOException {
    try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** The chunk list of a whole blob; made anew when it is missing or damaged. */
  Optional<ChunkList> chunks(Digest digest) {
    if (find(digest).isEmpty()) {
      return Optional.empty();
    }
    var known = readList(list(digest), digest);
    if (known.isPresent()) {
      return known;
    }
    try (var in = Files.newInputStream(blob(digest))) {
      var made = hash(in);
      if (!made.digest().equals(digest)) {
        setAside(digest);
        return Optional.empty();
      }
      writeDurably(list(digest), ChunkList.CODEC.encode(made));
      return Optional.of(made);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw failed("read", blob(digest), e);
    }
  }

  private static ChunkList hash(InputStream in) throws IOException {
    var whole = Digest.sha256();
    var chunks = new ArrayList<ChunkList.Chunk>();
    long size = 0;
    for (byte[] chunk = in.readNBytes(ChunkList.CHUNK_BYTES);
        chunk.length > 0;
        chunk = in.readNBytes(ChunkList.CHUNK_BYTES)) {
      size += chunk.length;
      whole.update(chunk);
      chunks.add(new ChunkList.Chunk(chunk.length, Digest.ofBytes(chunk)));
    }
    return new ChunkList(Digest.of(whole.digest()), size, chunks);
  }

  /** A stored chunk list; empty when there is none or it is damaged. */
  static Optional<ChunkList> readList(Path file, Digest digest) {
    try {
      if (Files.size(file) > ChunkList.MAX_ENCODED) {
        return Optional.empty();
      }
      var list = ChunkList.CODEC.decode(Files.readAllBytes(file));
      return list.digest().equals(digest) ? Optional.of(list) : Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw failed("read", file, e);
    } catch (Fault e) {
      return Optional.empty(); // damaged: as if it were not there
    }
  }

  /**
   * A damaged blob is no longer offered; what is good of it helps the next fetch, which takes it up
   * as a transfer that was broken off.
   */
  void setAside(Digest digest) {
    try {
      if (Files.exists(list(digest))) {
        Files.move(list(digest), partialList(digest), StandardCopyOption.REPLACE_EXISTING);
      }
      Files.move(blob(digest), partialData(digest), StandardCopyOption.REPLACE_EXISTING);
    } catch (NoSuchFileException e) {
      // Another thread was faster.
    } catch (IOException e) {
      throw failed("set aside", blob(digest), e);
    }
  }

  boolean remove(Digest digest) {
    try {
      boolean was = Files.deleteIfExists(blob(digest));
      Files.deleteIfExists(list(digest));
      dropPartial(digest);
      return was;
    } catch (IOException e) {
      throw failed("remove", blob(digest), e);
    }
  }

  void dropPartial(Digest digest) {
    try {
      Files.deleteIfExists(partialData(digest));
      Files.deleteIfExists(partialList(digest));
    } catch (IOException e) {
      throw failed("remove", partialData(digest), e);
    }
  }

  /** Refuses to begin what the disk has no room for. */
  void needRoom(long bytes) {
    try {
      long usable = Files.getFileStore(directory).getUsableSpace();
      if (usable < bytes) {
        throw new Fault(
            BlobsCode.DISK_FULL,
            bytes + " bytes are needed under " + directory + ", but only " + usable + " are free");
      }
    } catch (IOException e) {
      throw failed("look at", directory, e);
    }
  }

  static Fault failed(String verb, Path file, IOException cause) {
    var reason =
        cause instanceof FileSystemException at && at.getReason() != null
            ? String.valueOf(at.getReason())
            : String.valueOf(cause.getMessage());
    if (cause instanceof AccessDeniedException || reason.contains("ermission denied")) {
      return new Fault(
          BlobsCode.NO_PERMISSION, "cannot " + verb + " " + file + ": permission denied", cause);
    }
    if (reason.contains("No space left") || reason.contains("quota exceeded")) {
      return new Fault(
          BlobsCode.DISK_FULL, "cannot " + verb + " " + file + ": the disk is full", cause);
    }
    return new Fault(BlobsCode.STORAGE, "cannot " + verb + " " + file + ": " + reason, cause);
  }
}
