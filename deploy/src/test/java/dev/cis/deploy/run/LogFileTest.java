package dev.cis.deploy.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.deploy.Await;
import dev.cis.deploy.proto.LogQuery;
import dev.cis.deploy.proto.LogRecord;
import dev.cis.deploy.proto.LogStream;
import dev.cis.kernel.time.Now;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogFileTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir Path directory;
  private Instant wall = START;

  @Test
  void rotationMovesWholeLinesAndAReaderInTheMiddleLosesNothing() throws IOException {
    var file = new LogFile(directory, "stdout", 1000, 5);
    var reader = new LogReader(file, 0);
    var read = new ArrayList<String>();
    for (int i = 0; i < 200; i++) {
      append("line " + i + "\nhalf");
      if (file.wantsRotation()) {
        file.rotate(LogFile.Pause.NONE);
        assertThat(Files.readString(directory.resolve("stdout.log"))).isEqualTo("half");
        assertThat(Files.readString(directory.resolve("stdout.log.1"))).endsWith("\n");
      }
      append(" of " + i + "\n");
      if (i % 7 == 0) {
        drain(reader, read);
      }
    }
    drain(reader, read);
    assertThat(read).hasSize(400);
    for (int i = 0; i < 200; i++) {
      assertThat(read.get(2 * i)).isEqualTo("line " + i);
      assertThat(read.get(2 * i + 1)).isEqualTo("half of " + i);
    }
  }

  @Test
  void whatIsRotatedAwayForGoodIsAGap() throws IOException {
    var file = new LogFile(directory, "stdout", 100, 2);
    var reader = new LogReader(file, 0);
    for (int i = 0; i < 100; i++) {
      append("a line of some length, number " + i + "\n");
      if (file.wantsRotation()) {
        file.rotate(LogFile.Pause.NONE);
      }
    }
    var first = java.util.Objects.requireNonNull(reader.next(false));
    assertThat(first.missing()).isPositive();
    assertThat(directory.resolve("stdout.log.2")).doesNotExist();
    var read = new ArrayList<String>();
    drain(reader, read);
    assertThat(read).isNotEmpty().last().isEqualTo("a line of some length, number 99");
  }

  @Test
  void positionsGoOnAfterAReopening() throws IOException {
    var file = new LogFile(directory, "stdout", 100, 4);
    append("x".repeat(150) + "\n");
    file.rotate(LogFile.Pause.NONE);
    append("after\n");
    var again = new LogFile(directory, "stdout", 100, 4);
    assertThat(again.end()).isEqualTo(file.end()).isEqualTo(157);
    assertThat(again.begin()).isZero();
  }

  @Test
  void aRotationThatWasCutOffIsEndedOrUndone() throws IOException {
    append("one\ntwo\nhal");
    // The copy was moved into its place, but the active file was not truncated any more.
    Files.writeString(directory.resolve("stdout.log.1"), "one\ntwo\n");
    Files.writeString(directory.resolve("stdout.intent"), "8\n8\nhal");
    var ended = new LogFile(directory, "stdout", 100, 4);
    append("f\n");
    var read = new ArrayList<String>();
    drain(new LogReader(ended, ended.begin()), read);
    assertThat(read).containsExactly("one", "two", "half");
    // The copy was not complete.
    Files.writeString(directory.resolve("stdout.rotating"), "hal");
    var undone = new LogFile(directory, "stdout", 100, 4);
    read.clear();
    drain(new LogReader(undone, undone.begin()), read);
    assertThat(read).containsExactly("one", "two", "half");
    assertThat(directory.resolve("stdout.rotating")).doesNotExist();
  }

  @Test
  void aLineLongerThanTheLimitIsCutAndMarked() throws IOException {
    var file = new LogFile(directory, "stdout", 1 << 20, 4);
    append("x".repeat(LogReader.MAX_LINE + 5) + "\nnext\n");
    var read = new ArrayList<String>();
    drain(new LogReader(file, 0), read);
    assertThat(read).hasSize(2);
    assertThat(read.getFirst()).endsWith("x [5 bytes cut]");
    assertThat(read.getLast()).isEqualTo("next");
  }

  @Test
  void sinceTailAndGrepChooseLines() throws IOException {
    var logs = new AppLogs(directory, 1 << 20, 4, () -> new Now(Duration.ZERO, wall));
    for (int i = 0; i < 10; i++) {
      append("line " + i + "\n");
      wall = START.plusSeconds(i);
      logs.observe();
    }
    assertThat(texts(logs, START.plusSeconds(7), -1, ""))
        .containsExactly("line 7", "line 8", "line 9");
    assertThat(texts(logs, null, 2, "")).containsExactly("line 8", "line 9");
    assertThat(texts(logs, null, -1, "[35]$")).containsExactly("line 3", "line 5");
    var reopened = new AppLogs(directory, 1 << 20, 4, () -> new Now(Duration.ZERO, wall));
    assertThat(texts(reopened, START.plusSeconds(8), -1, "")).containsExactly("line 8", "line 9");
  }

  @Test
  void nothingOfAFastWriterIsLostWhileItIsPausedForRotation() throws Exception {
    var run = Files.createDirectories(directory.resolve("logs"));
    var file = new LogFile(run, "stdout", 20_000, 50);
    int lines = 30_000;
    var script = "i=0; while [ $i -lt " + lines + " ]; do echo line $i; i=$((i+1)); done";
    var writer =
        new ProcessBuilder("/bin/sh", "-c", script)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(file.active().toFile()))
            .start();
    var pause =
        new LogFile.Pause() {
          @Override
          public void stop() {
            signal("-STOP", writer.pid());
          }

          @Override
          public void resume() {
            signal("-CONT", writer.pid());
          }
        };
    var rotations = new int[1];
    Await.until(
        "the writer is done",
        () -> {
          if (file.wantsRotation() && writer.isAlive()) {
            file.rotate(pause);
            rotations[0]++;
          }
          return !writer.isAlive();
        });
    var read = new ArrayList<String>();
    drain(new LogReader(file, file.begin()), read);
    assertThat(rotations[0]).isPositive();
    assertThat(read).hasSize(lines);
    for (int i = 0; i < lines; i++) {
      assertThat(read.get(i)).isEqualTo("line " + i);
    }
  }

  private static void signal(String signal, long pid) {
    try {
      new ProcessBuilder("/bin/kill", signal, Long.toString(pid)).start().waitFor();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> texts(AppLogs logs, @Nullable Instant since, int tail, String grep) {
    var query = new LogQuery("web", Set.of(LogStream.STDOUT), since, null, tail, grep, false);
    var reading = logs.read(query);
    var texts = new ArrayList<String>();
    for (var record = reading.next(); record != null; record = reading.next()) {
      if (record instanceof LogRecord.Line(_, _, var text)) {
        texts.add(text);
      }
    }
    return texts;
  }

  private static void drain(LogReader reader, List<String> into) {
    for (var piece = reader.next(false); piece != null; piece = reader.next(false)) {
      into.add(piece.missing() > 0 ? "gap" : piece.text());
    }
  }

  private void append(String text) throws IOException {
    Files.writeString(
        directory.resolve("stdout.log"),
        text,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }
}
