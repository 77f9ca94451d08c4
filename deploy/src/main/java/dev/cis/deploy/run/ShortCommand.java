package dev.cis.deploy.run;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A hook or a probe: runs a command for a limited time and keeps the beginning of its output.
 * Output goes through a file, so that a grandchild which keeps a pipe open cannot hold us up.
 */
final class ShortCommand {
  private static final int MAX_OUTPUT = 2048;

  private ShortCommand() {}

  /** How it ended; status -1 when the time was over. */
  record Outcome(int status, String output) {
    boolean ok() {
      return status == 0;
    }
  }

  static Outcome run(
      List<String> command,
      Path directory,
      Map<String, String> environment,
      Path scratch,
      Duration time)
      throws InterruptedException {
    Path output = null;
    try {
      Files.createDirectories(scratch);
      output = Files.createTempFile(scratch, "out", ".txt");
      var builder =
          new ProcessBuilder(Launcher.resolve(command, directory)).directory(directory.toFile());
      builder.environment().clear();
      builder.environment().putAll(environment);
      builder.redirectInput(new File("/dev/null"));
      builder.redirectErrorStream(true);
      builder.redirectOutput(output.toFile());
      var process = builder.start();
      boolean ended;
      try {
        ended = process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        kill(process);
        throw e;
      }
      if (!ended) {
        kill(process);
        return new Outcome(-1, "took longer than " + time.toMillis() + " ms; " + head(output));
      }
      return new Outcome(process.exitValue(), head(output));
    } catch (IOException e) {
      return new Outcome(127, String.valueOf(e.getMessage()));
    } finally {
      if (output != null) {
        var _ = output.toFile().delete();
      }
    }
  }

  private static void kill(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private static String head(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      return new String(in.readNBytes(MAX_OUTPUT), StandardCharsets.UTF_8).strip();
    }
  }
}
