package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A user at a terminal, with a node of their own: types commands to the real launcher and reads
 * what comes back.
 */
final class Terminal {
  /** Where the launcher lies. */
  static final Path ROOT = Path.of(System.getProperty("cis.root", "..")).toAbsolutePath();

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** What a command left behind. */
  record Output(String command, int exit, String out, String err) {
    Output succeeded() {
      assertThat(exit).as("%s%n%s%n%s", command, out, err).isZero();
      return this;
    }

    /** It failed with this exit code, one line on stderr, and no stack trace. */
    Output failed(int code) {
      assertThat(exit).as("%s%n%s%n%s", command, out, err).isEqualTo(code);
      assertThat(err).isNotBlank().doesNotContain("\tat ").doesNotContain("Exception in thread");
      return this;
    }

    Map<String, Object> json() {
      try {
        return JSON.std.mapFrom(out);
      } catch (IOException e) {
        throw new UncheckedIOException(command + " printed no JSON: " + out, e);
      }
    }
  }

  private final List<String> prefix;
  private final Path home;

  /** A terminal on this machine. */
  Terminal(Path home) {
    this(List.of(), home);
  }

  /** A terminal where the prefix leads, such as {@code natlab exec a1}. */
  Terminal(List<String> prefix, Path home) {
    this.prefix = List.copyOf(prefix);
    this.home = home;
  }

  Path home() {
    return home;
  }

  /** Types a command and waits for its end. */
  Output run(String... words) {
    var command = command(words);
    try {
      var out = Files.createTempFile("cis-out", ".txt");
      var err = Files.createTempFile("cis-err", ".txt");
      var process = start(command, out, err);
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(String.join(" ", command) + " did not end within " + PATIENCE);
      }
      var output =
          new Output(
              String.join(" ", command),
              process.exitValue(),
              Files.readString(out),
              Files.readString(err));
      Files.delete(out);
      Files.delete(err);
      return output;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Types a command that must succeed, with {@code --json}, and reads its answer. */
  Map<String, Object> json(String... words) {
    var all = new ArrayList<>(List.of(words));
    all.add("--json");
    return run(all.toArray(String[]::new)).succeeded().json();
  }

  /** Starts a command that goes on, its output in a file. */
  Process start(Path out, String... words) throws IOException {
    return start(command(words), out, out);
  }

  private List<String> command(String... words) {
    var command = new ArrayList<>(prefix);
    command.add(ROOT.resolve("cis").toString());
    command.add("--home");
    command.add(home.toString());
    command.addAll(List.of(words));
    return command;
  }

  private static Process start(List<String> command, Path out, Path err) throws IOException {
    var builder = new ProcessBuilder(command).redirectInput(new java.io.File("/dev/null"));
    builder.environment().remove("CIS_HOME");
    builder.environment().put("NO_COLOR", "1");
    if (out.equals(err)) {
      builder.redirectErrorStream(true);
    } else {
      builder.redirectError(err.toFile());
    }
    return builder.redirectOutput(out.toFile()).start();
  }

  /** The connected peers' names. */
  List<String> connected() {
    return list(json("p2p", "peers", "--connected"), "peers").stream()
        .map(peer -> String.valueOf(peer.get("name")))
        .sorted()
        .toList();
  }

  @SuppressWarnings("unchecked") // JSON arrays of objects
  static List<Map<String, Object>> list(Map<String, Object> json, String field) {
    if (json.get(field) instanceof List<?> list) {
      return (List<Map<String, Object>>) (List<?>) list;
    }
    throw new AssertionError("no list '" + field + "' in " + json);
  }
}
