package dev.cis.deploy.run;

import dev.cis.deploy.proto.DeployCode;
import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * One log stream on disk: {@code <name>.log}, which the application itself writes, and {@code
 * <name>.log.1} (newest) and so on, which were rotated away.
 *
 * <p>Positions are absolute: bytes since the stream began, so that a reader goes on rightly across
 * rotations. Lines carry no time of their own; whenever the file is seen to have grown, the time is
 * noted ({@code <name>.times}: position, milliseconds), and a line has the time at which its end
 * was first seen.
 *
 * <p>Rotation copies and truncates (see docs/adr/0005-application-logs.md); the writer is paused
 * for the moment in which something could get lost. Thread-safe.
 */
final class LogFile {
  private static final int MAX_TIMES = 8192;
  private static final int MAX_PARTIAL = 64 * 1024;

  private final Path directory;
  private final String name;
  private final long maxBytes;
  private final int files;
  private final Path active;
  private final TreeMap<Long, Long> times = new TreeMap<>();
  private long base;

  /** Stops the writer while a file is truncated. */
  interface Pause {
    /** Nobody writes. */
    Pause NONE =
        new Pause() {
          @Override
          public void stop() {}

          @Override
          public void resume() {}
        };

    void stop();

    void resume();
  }

  LogFile(Path directory, String name, long maxBytes, int files) {
    this.directory = directory;
    this.name = name;
    this.maxBytes = maxBytes;
    this.files = files;
    this.active = directory.resolve(name + ".log");
    try {
      Files.createDirectories(directory);
      if (!Files.exists(active)) {
        Files.createFile(active);
      }
      recover();
      readTimes();
    } catch (IOException e) {
      throw new Fault(DeployCode.STORE_FAILED, "cannot open the log " + active + ": " + e, e);
    }
  }

  Path active() {
    return active;
  }

  /** The position after the last byte. */
  synchronized long end() {
    return base + size(active);
  }

  /** The position of the oldest byte that is kept. */
  synchronized long begin() {
    long begin = base;
    for (var old : rotated()) {
      begin -= size(old);
    }
    return begin;
  }

  /** Notes the time when the file has grown. */
  synchronized void observe(Instant now) {
    long end = end();
    if (times.isEmpty() || times.lastKey() < end) {
      times.put(end, now.toEpochMilli());
      if (times.size() > MAX_TIMES) {
        thin();
      } else {
        append(directory.resolve(name + ".times"), end + " " + now.toEpochMilli() + "\n");
      }
    }
  }

  /** When the byte before this position was first seen. */
  synchronized Instant timeOf(long position, Instant now) {
    var seen = times.ceilingEntry(position);
    return seen == null ? now : Instant.ofEpochMilli(seen.getValue());
  }

  /** A position at or before which nothing was written after the instant. */
  synchronized long positionAt(Instant instant) {
    long position = begin();
    for (var entry : times.entrySet()) {
      if (entry.getValue() >= instant.toEpochMilli()) {
        break;
      }
      position = Math.max(position, entry.getKey());
    }
    return position;
  }

  /** Reads bytes from a position; 0 at the end. Call with a position that is not before begin. */
  synchronized int read(long position, ByteBuffer into) {
    if (position >= base) {
      return read(active, position - base, into);
    }
    long start = base;
    for (var old : rotated()) {
      start -= size(old);
      if (position >= start) {
        return read(old, position - start, into);
      }
    }
    return 0;
  }

  boolean wantsRotation() {
    return size(active) >= maxBytes;
  }

  /** Writes a line of our own. */
  synchronized void write(String line) {
    append(active, line + "\n");
    if (wantsRotation()) {
      rotate(Pause.NONE);
    }
  }

  /** Moves what is in the active file, up to its last line end, into a numbered file. */
  synchronized void rotate(Pause pause) {
    var draft = directory.resolve(name + ".rotating");
    try {
      Files.copy(active, draft, StandardCopyOption.REPLACE_EXISTING);
      pause.stop();
      try {
        byte[] partial = completeCopy(draft);
        long moved = size(draft);
        var intent = (base + moved) + "\n" + moved + "\n";
        var plan = ByteBuffer.allocate(intent.length() + partial.length);
        plan.put(intent.getBytes(StandardCharsets.US_ASCII)).put(partial);
        writeAtomically(name + ".intent", plan.array());
        shift();
        Files.move(draft, rotatedPath(1), StandardCopyOption.ATOMIC_MOVE);
        finish(base + moved, partial);
      } finally {
        pause.resume();
      }
    } catch (IOException e) {
      throw new Fault(DeployCode.STORE_FAILED, "cannot rotate " + active + ": " + e, e);
    }
  }

  /** Brings the copy up to date and cuts it at the last line end; the rest is handed back. */
  private byte[] completeCopy(Path draft) throws IOException {
    try (var from = FileChannel.open(active, StandardOpenOption.READ);
        var to = FileChannel.open(draft, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long at = to.size();
      long size = from.size();
      while (at < size) {
        at += from.transferTo(at, size - at, to.position(at));
      }
      var tail = ByteBuffer.allocate((int) Math.min(MAX_PARTIAL, size));
      int n = 0;
      while (tail.hasRemaining() && n >= 0) {
        n = from.read(tail, size - tail.capacity() + tail.position());
      }
      int cut = tail.capacity();
      while (cut > 0 && tail.get(cut - 1) != '\n') {
        cut--;
      }
      if (cut == 0) {
        return new byte[0]; // a line longer than a line may be: cut it
      }
      var partial = new byte[tail.capacity() - cut];
      tail.get(cut, partial);
      to.truncate(size - partial.length);
      to.force(true);
      return partial;
    }
  }

  private void finish(long newBase, byte[] partial) throws IOException {
    try (var channel = FileChannel.open(active, StandardOpenOption.WRITE)) {
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(partial));
    }
    writeAtomically(name + ".base", Long.toString(newBase).getBytes(StandardCharsets.US_ASCII));
    base = newBase;
    Files.deleteIfExists(directory.resolve(name + ".intent"));
    times.headMap(begin()).clear();
  }

  /** Ends or undoes a rotation in which the daemon was killed. */
  private void recover() throws IOException {
    base =
        Files.exists(directory.resolve(name + ".base"))
            ? parse(Files.readString(directory.resolve(name + ".base")).strip())
            : 0;
    var intent = directory.resolve(name + ".intent");
    if (Files.exists(intent) && !Files.exists(directory.resolve(name + ".rotating"))) {
      byte[] plan = Files.readAllBytes(intent);
      var lines = new String(plan, StandardCharsets.ISO_8859_1).split("\n", 3);
      long newBase = parse(lines[0]);
      long moved = parse(lines[1]);
      int header = lines[0].length() + lines[1].length() + 2;
      var partial = java.util.Arrays.copyOfRange(plan, header, plan.length);
      if (size(active) >= moved || (size(active) == 0 && partial.length > 0)) {
        finish(newBase, partial);
      } else {
        finishBaseOnly(newBase);
      }
    }
    Files.deleteIfExists(intent);
    Files.deleteIfExists(directory.resolve(name + ".rotating"));
  }

  private void finishBaseOnly(long newBase) throws IOException {
    writeAtomically(name + ".base", Long.toString(newBase).getBytes(StandardCharsets.US_ASCII));
    base = newBase;
  }

  private void shift() throws IOException {
    Files.deleteIfExists(rotatedPath(files - 1));
    for (int i = files - 2; i >= 1; i--) {
      if (Files.exists(rotatedPath(i))) {
        Files.move(rotatedPath(i), rotatedPath(i + 1), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private List<Path> rotated() {
    var found = new ArrayList<Path>();
    for (int i = 1; i < files; i++) {
      if (Files.exists(rotatedPath(i))) {
        found.add(rotatedPath(i));
      }
    }
    return found;
  }

  private Path rotatedPath(int number) {
    return directory.resolve(name + ".log." + number);
  }

  private void thin() {
    int i = 0;
    for (var entries = times.entrySet().iterator(); entries.hasNext(); i++) {
      entries.next();
      if (i % 2 == 0 && i < MAX_TIMES / 2) {
        entries.remove();
      }
    }
    var text = new StringBuilder();
    times.forEach((position, at) -> text.append(position).append(' ').append(at).append('\n'));
    try {
      writeAtomically(name + ".times", text.toString().getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void readTimes() throws IOException {
    var file = directory.resolve(name + ".times");
    if (Files.exists(file)) {
      for (var line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
        var parts = line.split(" ", -1);
        if (parts.length == 2 && parts[0].matches("\\d{1,18}") && parts[1].matches("\\d{1,18}")) {
          times.put(parse(parts[0]), parse(parts[1]));
        }
      }
      times.tailMap(end(), false).clear();
    }
  }

  private void writeAtomically(String file, byte[] bytes) throws IOException {
    var draft = directory.resolve(file + ".new");
    Files.write(draft, bytes);
    Files.move(draft, directory.resolve(file), StandardCopyOption.ATOMIC_MOVE);
  }

  private static void append(Path file, String text) {
    try {
      Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new Fault(DeployCode.STORE_FAILED, "cannot write " + file + ": " + e, e);
    }
  }

  private static long parse(String number) {
    return number.matches("\\d{1,18}") ? Long.parseLong(number) : 0;
  }

  private static int read(Path file, long at, ByteBuffer into) {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return Math.max(0, channel.read(into, at));
    } catch (IOException e) {
      return 0;
    }
  }

  private static long size(Path file) {
    return file.toFile().length();
  }
}
