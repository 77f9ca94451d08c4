package dev.cis.nat.turn;

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

/** The client against coturn, in the namespace lab. */
@Tag("lab")
class TurnLabTest {
  private static final String PREFIX = "cisturn-";
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final String NATLAB =
      Path.of(System.getProperty("cis.root", ".."))
          .toAbsolutePath()
          .resolve("lab/natlab")
          .toString();

  @TempDir Path files;
  private final List<Host> hosts = new ArrayList<>();

  /** A program on a host of the lab. */
  private final class Host {
    private final Process process;
    private final Path printed;

    Host(String name, String transport, String password, int seconds) throws IOException {
      printed = files.resolve(name + "-" + transport + ".txt");
      var path =
          System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
      var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      var builder =
          builder(
              "exec",
              name,
              java,
              "-cp",
              path,
              TurnHost.class.getName(),
              name,
              transport,
              "lab",
              password,
              "" + seconds);
      builder.redirectInput(ProcessBuilder.Redirect.PIPE);
      builder.redirectOutput(printed.toFile());
      process = builder.start();
      hosts.add(this);
    }

    String text() throws IOException {
      return Files.readString(printed);
    }

    void awaits(String text) {
      await().atMost(SOON).until(() -> text().contains(text));
    }

    String relayed() throws IOException {
      awaits("relayed ");
      awaits("\n");
      return text().lines().findFirst().orElseThrow().substring("relayed ".length());
    }

    void say(String line) throws IOException {
      var in = process.getOutputStream();
      in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      in.flush();
    }

    void end() throws IOException, InterruptedException {
      if (process.isAlive()) {
        say("end");
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("the host ends").isTrue();
      }
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
    int _ = natlab("down");
  }

  @AfterEach
  void endAll() throws Exception {
    for (var host : hosts) {
      host.process.destroy();
      assertThat(host.process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aHostWithoutUdpTalksByTcpToOneBehindASymmetricRouterByUdp() throws Exception {
    var blocked = new Host("g1", "TCP", "lab", 30);
    var symmetric = new Host("c1", "UDP", "lab", 30);
    var g1 = blocked.relayed();
    var c1 = symmetric.relayed();
    blocked.say(c1);
    symmetric.say(g1);
    // Both ways, there and back, large ones too.
    blocked.awaits("got 192.0.2.10 c1 ");
    symmetric.awaits("got 192.0.2.10 g1 ");
    blocked.awaits("got 192.0.2.10 echo of g1 ");
    symmetric.awaits("got 192.0.2.10 echo of c1 ");
    await().atMost(SOON).until(() -> blocked.text().lines().count() > 100);
    blocked.end();
    symmetric.end();
    assertThat(blocked.text()).endsWith("closed\n").doesNotContain("lost", "refused");
    assertThat(symmetric.text()).endsWith("closed\n").doesNotContain("lost", "refused");
  }

  @Test
  void aWrongPasswordAndAWayThatIsBlockedAreSaid() throws Exception {
    var wrong = new Host("a1", "UDP", "wrong", 30);
    var blocked = new Host("g1", "UDP", "lab", 5);
    wrong.awaits("refused nat.turn-refused");
    assertThat(wrong.text()).contains("401", "wrong user or password");
    blocked.awaits("refused nat.turn-unreachable");
    assertThat(blocked.text()).contains("no answer within");
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
