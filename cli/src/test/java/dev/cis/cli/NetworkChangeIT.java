package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cis.api.ControlClient;
import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.node.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real daemon that is stopped for a while, as by a laptop's lid, is back by itself. */
@Tag("e2e")
class NetworkChangeIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path homes;
  private Terminal awake;
  private Terminal asleep;

  @BeforeEach
  void startTwo() {
    awake = new Terminal(homes.resolve("awake"));
    asleep = new Terminal(homes.resolve("asleep"));
  }

  @AfterEach
  void stopTwo() {
    awake.run("p2p", "stop");
    asleep.run("p2p", "stop");
  }

  private static void start(Terminal terminal, String settings, String... more) throws IOException {
    var name = terminal.home().getFileName().toString();
    terminal.run("init", "--name", name, "--open").succeeded();
    var file = terminal.home().resolve("config.toml");
    var before = Files.exists(file) ? Files.readString(file) : "";
    Files.writeString(file, before + "\n[transport]\n" + settings);
    var words = new ArrayList<String>();
    words.addAll(List.of("p2p", "start", "--no-mdns", "--no-dht", "--listen", "127.0.0.1:0"));
    words.addAll(List.of(more));
    terminal.run(words.toArray(String[]::new)).succeeded();
  }

  private void connectOnce(String settings) throws IOException {
    start(awake, settings);
    start(asleep, settings);
    var listen = String.valueOf(awake.json("p2p", "status").get("listen"));
    asleep.run("p2p", "connect", listen.substring(1, listen.length() - 1)).succeeded();
    assertThat(awake.connected()).containsExactly("asleep");
  }

  /** Stops the process, and lets it go on when the other side has missed it for long enough. */
  private void sleep(Duration length) throws Exception {
    long pid =
        new ControlClient(new Home(asleep.home()))
            .call(new Request.Status(), Result.Status.class)
            .pid();
    var until = Instant.now().plus(length);
    signal("-STOP", pid);
    try {
      await().atMost(SOON.plus(length)).until(() -> awake.connected().isEmpty());
      await().atMost(SOON.plus(length)).until(() -> Instant.now().isAfter(until));
    } finally {
      signal("-CONT", pid);
    }
  }

  /** What the node tells of its peers, and the end of its log. */
  private static String story(Terminal node) {
    try {
      var log = Files.readAllLines(node.home().resolve("daemon.log"));
      return node.run("p2p", "peers", "--verbose").out()
          + String.join("\n", log.subList(Math.max(0, log.size() - 40), log.size()));
    } catch (IOException e) {
      return "no log: " + e;
    }
  }

  private static void signal(String name, long pid) throws Exception {
    assertThat(new ProcessBuilder("kill", name, "" + pid).inheritIO().start().waitFor()).isZero();
  }

  @Test
  void aStoppedNodeIsConnectedAgainSoonAfterItGoesOn() throws Exception {
    connectOnce("idle_timeout = \"20s\"\n");
    sleep(Duration.ofSeconds(22));
    await().atMost(SOON).until(() -> awake.connected().contains("asleep"));
    asleep.run("p2p", "ping", "awake", "-c", "1").succeeded();
  }

  @Test
  @Tag("lab") // for its minute
  void aMinuteOfSleepIsSurvivedWithTheDefaults() throws Exception {
    connectOnce("");
    sleep(Duration.ofMinutes(1));
    var woken = Instant.now();
    await()
        .atMost(SOON)
        .untilAsserted(() ->
            assertThat(awake.connected())
                .as("%s%n%s", story(awake), story(asleep))
                .contains("asleep"));
    assertThat(Duration.between(woken, Instant.now())).isLessThan(Duration.ofSeconds(20));
    asleep.run("p2p", "ping", "awake", "-c", "1").succeeded();
  }
}
