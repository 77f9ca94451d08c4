package dev.cis.nat.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Port mapping with real routers (miniupnpd) in the namespace lab. Needs root and the packages that
 * {@code lab/natlab check} names.
 */
@Tag("lab")
class PortMappingLabTest {
  private static final String PREFIX = "cismap-";
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String NATLAB =
      Path.of(System.getProperty("cis.root", ".."))
          .toAbsolutePath()
          .resolve("lab/natlab")
          .toString();
  private static final String ASK =
      "import socket,sys;s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);s.settimeout(1);"
          + "s.sendto(b'x',(sys.argv[1],int(sys.argv[2])));s.recv(9)";

  @TempDir Path files;
  private final List<Host> hosts = new ArrayList<>();

  /** A program on a host of the lab. */
  private final class Host {
    private final Process process;
    private final Path printed;

    Host(String name, int port) throws IOException {
      printed = files.resolve(name + ".txt");
      var path =
          System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
      var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      var builder = builder("exec", name, java, "-cp", path, MappedHost.class.getName(), "" + port);
      builder.redirectInput(ProcessBuilder.Redirect.PIPE);
      builder.redirectOutput(printed.toFile());
      process = builder.start();
      hosts.add(this);
    }

    List<String> printed() throws IOException {
      return Files.readAllLines(printed);
    }

    /** The last word on how it stands, once it contains the text. */
    String awaited(String text) {
      await().atMost(SOON).until(() -> last().contains(text));
      return assertDoesNotFail(this::last);
    }

    private String last() throws IOException {
      var lines = printed().stream().filter(line -> line.startsWith("state=")).toList();
      return lines.isEmpty() ? "" : lines.getLast();
    }

    void stop() throws IOException, InterruptedException {
      if (process.isAlive()) {
        try (var in = process.getOutputStream()) {
          in.write('\n');
        }
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("the host ends").isTrue();
      }
    }
  }

  private interface Reading {
    String get() throws IOException;
  }

  private static String assertDoesNotFail(Reading reading) {
    try {
      return reading.get();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @BeforeAll
  static void buildTheInternet() throws Exception {
    Assumptions.assumeTrue(
        System.getProperty("user.name").equals("root") && natlab("check") == 0,
        "the lab needs root and the packages that 'lab/natlab check' names");
    assertThat(natlab("up")).as("natlab up").isZero();
  }

  @AfterAll
  static void takeItDown() throws Exception {
    natlab("down");
  }

  @AfterEach
  void stopAll() throws Exception {
    for (var host : hosts) {
      host.stop();
    }
  }

  @Test
  void aMappedPortIsReachedFromOutsideUntilTheNodeStops() throws Exception {
    var e1 = new Host("e1", 7677);
    assertThat(e1.awaited("state=mapped")).contains("198.18.5.2:7677").contains("public=true");
    assertThat(e1.printed()).contains("announced [198.18.5.2:7677]");
    await().atMost(SOON).until(() -> isReached(7677));

    // The router forgets everything: seen at the next look, and asked for again.
    assertThat(natlab("restart", "natE")).isZero();
    await().atMost(SOON).until(() -> isReached(7677));

    e1.stop();
    assertThat(e1.printed()).endsWith("stopped");
    assertThat(printedBy("natE", "nft", "list", "ruleset")).doesNotContain("7677");
  }

  @Test
  void twoNodesBehindOneRouterGetDifferentPorts() throws Exception {
    var e1 = new Host("e1", 7700);
    assertThat(e1.awaited("state=mapped")).contains("198.18.5.2:7700");
    var e2 = new Host("e2", 7700);
    var line = e2.awaited("state=mapped");
    assertThat(line).contains("198.18.5.2:").doesNotContain("198.18.5.2:7700");
    int second = Integer.parseInt(line.replaceAll(".*198\\.18\\.5\\.2:(\\d+).*", "$1"));
    await().atMost(SOON).until(() -> isReached(second));
    await().atMost(SOON).until(() -> isReached(7700));
  }

  @Test
  void behindTwoTranslatorsNothingIsAnnounced() throws Exception {
    // That router asks a STUN server for 9 s before it serves anybody.
    await().atMost(SOON).until(() -> printedBy("natF", "ss", "-Hltn").contains(":5000"));
    var f1 = new Host("f1", 7677);
    assertThat(f1.awaited("reason=the router refuses"))
        .contains("state=none")
        .contains("external=null");
    assertThat(f1.printed()).noneMatch(line -> line.startsWith("announced"));
  }

  private static boolean isReached(int port) throws Exception {
    return natlab("exec", "pub1", "python3", "-c", ASK, "198.18.5.2", "" + port) == 0;
  }

  private static String printedBy(String... command) throws Exception {
    var words = new ArrayList<>(List.of("exec"));
    words.addAll(List.of(command));
    var process = builder(words.toArray(String[]::new)).start();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return text;
  }

  private static int natlab(String... command) throws IOException, InterruptedException {
    var process =
        builder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("%s ends", List.of(command)).isTrue();
    return process.exitValue();
  }

  private static ProcessBuilder builder(String... command) {
    var words = new ArrayList<>(List.of(NATLAB));
    words.addAll(List.of(command));
    var builder = new ProcessBuilder(words);
    builder.redirectInput(new java.io.File("/dev/null"));
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("NATLAB_PREFIX", PREFIX);
    return builder;
  }
}
