package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo, broken off: nothing of it is left. */
@Tag("e2e")
class DemoIT {
  private static final Duration SOON = Duration.ofMinutes(2);

  @TempDir Path directory;

  @Test
  void brokenOffItLeavesNothingBehind() throws Exception {
    var out = directory.resolve("out.txt");
    var stage = Files.createDirectory(directory.resolve("stage"));
    // A session of its own, so that the signal reaches all that a terminal's Ctrl-C would reach.
    var builder =
        new ProcessBuilder("setsid", Terminal.ROOT.resolve("cis").toString(), "demo")
            .redirectInput(new java.io.File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(out.toFile());
    builder.environment().put("NO_COLOR", "1");
    builder.environment().put("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + stage);
    var demo = builder.start();
    try {
      await().atMost(SOON).until(() -> Files.readString(out).contains("[3/7]"));
      assertThat(remains(stage)).as("nodes of the demo").isNotEmpty();
      signal(demo.pid());
      assertThat(demo.waitFor(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } finally {
      demo.destroyForcibly();
    }
    assertThat(demo.exitValue()).isNotZero();
    assertThat(remains(stage)).as(Files.readString(out)).isEmpty();
    try (var files = Files.list(stage)) {
      assertThat(files.filter(file -> file.toString().contains("cis-demo-"))).isEmpty();
    }
  }

  private static void signal(long group) throws IOException, InterruptedException {
    var kill = new ProcessBuilder("kill", "-TERM", "--", "-" + group).inheritIO().start();
    assertThat(kill.waitFor()).isZero();
  }

  /** Processes that name the directory, but for the demo itself. */
  private static List<String> remains(Path stage) {
    return ProcessHandle.allProcesses()
        .map(process -> process.info().commandLine().orElse(""))
        .filter(line -> line.contains(stage + "/cis-demo-"))
        .toList();
  }
}
