package dev.cis.deploy.run;

import dev.cis.deploy.proto.DeployCode;
import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;

/**
 * What is on disk of one run of an application: {@code run/<number>/} with {@code release} (what
 * was to be started), {@code mark} (in the environment of all its processes), {@code claim} (a
 * directory: whoever makes it first decides whether the run happens), {@code stat} (boot and
 * /proc/PID/stat, written by the shell before the application), {@code exit} (its status), {@code
 * limits}, and {@code seen} once the end has been taken note of.
 */
final class RunDirectory {
  private final Path path;

  private RunDirectory(Path path) {
    this.path = path;
  }

  /** The run with the highest number. */
  static Optional<RunDirectory> latest(Path runs) throws IOException {
    if (!Files.isDirectory(runs)) {
      return Optional.empty();
    }
    try (var entries = Files.list(runs)) {
      return entries
          .filter(entry -> entry.getFileName().toString().matches("\\d{1,18}"))
          .max(Comparator.comparingLong(RunDirectory::number))
          .map(RunDirectory::new);
    }
  }

  /** A new run; older ones are forgotten. */
  static RunDirectory create(Path runs, String release, String mark) throws IOException {
    Files.createDirectories(runs);
    var before = latest(runs);
    long number = before.map(run -> number(run.path)).orElse(0L) + 1;
    try (var entries = Files.list(runs)) {
      for (var old : entries.toList()) {
        if (!before.map(run -> run.path.equals(old)).orElse(false)) {
          deleteTree(old);
        }
      }
    }
    var run = new RunDirectory(Files.createDirectory(runs.resolve(Long.toString(number))));
    run.write("mark", mark);
    run.write("release", release);
    return run;
  }

  Path path() {
    return path;
  }

  String release() {
    return read("release").orElse("");
  }

  String mark() {
    return read("mark").orElse("CIS_RUN=none-" + path);
  }

  /** The process as its shell described itself; empty while it has not, or on another boot. */
  Optional<ProcessTree.Stat> stat() {
    return read("stat")
        .filter(text -> text.startsWith(ProcessTree.bootId() + "\n") && text.endsWith("\n"))
        .flatMap(text -> ProcessTree.Stat.parse(text.substring(text.indexOf('\n') + 1)));
  }

  boolean isAlive() {
    return stat()
        .flatMap(started ->
            ProcessTree.stat(started.pid())
                .filter(now -> now.startTicks() == started.startTicks() && !now.isDead()))
        .isPresent();
  }

  /** Makes sure that a shell which has not begun yet never will; false if it has begun. */
  boolean forestall() throws IOException {
    try {
      Files.createDirectory(path.resolve("claim"));
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  Instant startedAt() {
    try {
      return Files.getLastModifiedTime(path.resolve("stat")).toInstant();
    } catch (IOException e) {
      return Instant.EPOCH;
    }
  }

  /** The status it ended with; 128 + signal if by a signal; empty if not known. */
  Optional<Integer> exitStatus() {
    return read("exit")
        .filter(text -> text.strip().matches("\\d{1,3}"))
        .map(text -> Integer.parseInt(text.strip()));
  }

  boolean isSeen() {
    return Files.exists(path.resolve("seen"));
  }

  void see() {
    write("seen", "");
  }

  String limits() {
    return read("limits").orElse("");
  }

  void limits(String text) {
    write("limits", text);
  }

  private Optional<String> read(String name) {
    try {
      return Optional.of(Files.readString(path.resolve(name), StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private void write(String name, String text) {
    try {
      var draft = path.resolve(name + ".new");
      Files.writeString(draft, text, StandardCharsets.ISO_8859_1);
      Files.move(draft, path.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new Fault(DeployCode.STORE_FAILED, "cannot write " + path.resolve(name) + ": " + e, e);
    }
  }

  static void deleteTree(Path root) throws IOException {
    if (!Files.exists(root, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (var all = Files.walk(root)) {
      for (var path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }

  private static long number(Path path) {
    return Long.parseLong(path.getFileName().toString());
  }
}
