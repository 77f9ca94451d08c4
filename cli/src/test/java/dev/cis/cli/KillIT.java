package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cis.api.ControlClient;
import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.kernel.fault.Fault;
import dev.cis.node.Home;
import java.io.IOException;
import java.net.DatagramSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real daemons, killed with SIGKILL in the middle of things: nothing acknowledged is lost. */
@Tag("e2e")
class KillIT {
  private static final Duration SOON = Duration.ofMinutes(2);

  @TempDir Path homes;

  /** A daemon that can be killed and started again on the same port. */
  private static final class Daemon {
    final Terminal terminal;
    final ControlClient client;
    private final List<String> start = new ArrayList<>();

    Daemon(Path home, String name, int port, int bootstrap, String... init) {
      terminal = new Terminal(home);
      client = new ControlClient(new Home(home));
      start.addAll(List.of("p2p", "start", "--no-mdns", "--dht", "--listen", "127.0.0.1:" + port));
      if (bootstrap != 0) {
        start.addAll(List.of("--bootstrap", "127.0.0.1:" + bootstrap));
      }
      var words = new ArrayList<>(List.of("init", "--name", name, "--label", "env=kill"));
      words.addAll(List.of(init));
      terminal.run(words.toArray(String[]::new)).succeeded();
    }

    void start() {
      terminal.run(start.toArray(String[]::new)).succeeded();
    }

    void kill() {
      long pid = client.call(new Request.Status(), Result.Status.class).pid();
      var process = ProcessHandle.of(pid).orElseThrow();
      process.destroyForcibly();
      await().atMost(SOON).until(() -> !process.isAlive());
    }

    /** The keys of its memory under a prefix. */
    NavigableSet<String> keys(String prefix) {
      var keys = new TreeSet<String>();
      var after = "";
      while (true) {
        var page =
            client.call(
                new Request.MemoryList("public", prefix, null, after, Request.MemoryList.MAX_PAGE),
                Result.Items.class);
        page.items().forEach(item -> keys.add(item.key()));
        if (!page.more()) {
          return keys;
        }
        after = keys.last();
      }
    }
  }

  private Daemon first;
  private Daemon second;
  private Daemon third;

  @BeforeEach
  void startThree() throws IOException {
    int[] ports = freePorts();
    first = new Daemon(homes.resolve("first"), "first", ports[0], 0);
    var invitation = first.terminal.run("p2p", "invite").succeeded().out().strip();
    second =
        new Daemon(homes.resolve("second"), "second", ports[1], ports[0], "--join", invitation);
    third = new Daemon(homes.resolve("third"), "third", ports[2], ports[0], "--join", invitation);
    for (var daemon : List.of(first, second, third)) {
      daemon.start();
    }
    await().atMost(SOON).until(() -> first.terminal.connected().size() == 2);
  }

  @AfterEach
  void stopThree() {
    for (var daemon : List.of(first, second, third)) {
      daemon.terminal.run("app", "stop", "steady");
      daemon.terminal.run("p2p", "stop");
    }
  }

  @Test
  void acknowledgedWritesOfAKilledWriterReachEverybody() throws Exception {
    var acknowledged = new ConcurrentSkipListSet<String>();
    for (var victim : List.of(first, second)) {
      var writing = new AtomicBoolean(true);
      int before = acknowledged.size();
      var writer = Thread.ofVirtual().start(() -> write(first, acknowledged, writing));
      await().atMost(SOON).until(() -> acknowledged.size() > before + 60);
      victim.kill();
      writing.set(false);
      writer.join();
      victim.start();
    }
    for (var daemon : List.of(first, second, third)) {
      await()
          .atMost(SOON)
          .untilAsserted(() -> assertThat(daemon.keys("kill/")).containsAll(acknowledged));
    }
    await()
        .atMost(SOON)
        .untilAsserted(() -> assertThat(second.keys("kill/")).isEqualTo(first.keys("kill/")));
  }

  /** Writes until told to stop or until the daemon is gone; notes what was acknowledged. */
  private static void write(Daemon daemon, ConcurrentSkipListSet<String> noted, AtomicBoolean go) {
    for (int i = noted.size(); go.get(); i++) {
      var key = "kill/%06d".formatted(i);
      try {
        daemon.client.call(
            new Request.MemorySet("public", null, key, "value " + i, false, null),
            Result.Item.class);
        noted.add(key);
      } catch (Fault gone) {
        return;
      }
    }
  }

  @Test
  void aDeploymentSurvivesTheDeathOfATargetAndOfTheDeployer() throws Exception {
    first.terminal.run("keys", "generate", "lab").succeeded();
    var key = first.terminal.run("keys", "export", "lab").succeeded().out().strip();
    for (var daemon : List.of(first, second, third)) {
      daemon.terminal.run("keys", "trust", key, "--name", "lab").succeeded();
    }
    var file = largePackage();
    first
        .terminal
        .run("p2p", "deploy", file, "--labels", "env=kill", "--key", "lab", "--no-wait")
        .succeeded();
    second.kill();
    first.kill();
    assertNothingHalfIsRunning(second.terminal.home());
    second.start();
    first.start();
    for (var daemon : List.of(first, second, third)) {
      await()
          .atMost(SOON)
          .untilAsserted(() ->
              assertThat(Terminal.list(daemon.terminal.json("app", "list"), "apps"))
                  .hasSize(3)
                  .allSatisfy(app -> assertThat(app.get("phase")).isEqualTo("HEALTHY")));
    }
  }

  /** An application that checks at its start that all of it is there. */
  private String largePackage() throws IOException {
    var source = homes.resolve("steady");
    Files.createDirectories(source.resolve("bin"));
    var random = new Random(1);
    for (int part = 0; part < 24; part++) {
      var bytes = new byte[1 << 20];
      random.nextBytes(bytes);
      Files.write(source.resolve("part%02d.bin".formatted(part)), bytes);
    }
    Files.writeString(
        source.resolve("manifest.yaml"),
        """
        name: steady
        version: 1.0.0
        description: Refuses to run unless every part is there
        entrypoint: bin/steady
        created_at: "2026-01-01T00:00:00Z"
        """);
    var script = source.resolve("bin/steady");
    Files.writeString(
        script,
        """
        #!/bin/sh
        count=$(ls part*.bin | wc -l)
        size=$(cat part*.bin | wc -c)
        if [ "$count" -ne 24 ] || [ "$size" -ne 25165824 ]; then
          echo "HALF $count $size" >>"$0.half"
          exit 1
        fi
        echo whole
        exec sleep 100000
        """);
    assertThat(script.toFile().setExecutable(true)).isTrue();
    first.terminal.run("package", "build", source.toString(), "--output", homes.toString());
    var file = homes.resolve("steady-1.0.0.p2p").toString();
    first.terminal.run("package", "sign", file, "--key", "lab").succeeded();
    return file;
  }

  private static void assertNothingHalfIsRunning(Path home) throws IOException {
    try (var files = Files.walk(home)) {
      assertThat(files.filter(path -> path.toString().endsWith(".half"))).isEmpty();
    }
  }

  private static int[] freePorts() throws IOException {
    var ports = new int[3];
    var sockets = new ArrayList<DatagramSocket>();
    for (int i = 0; i < ports.length; i++) {
      var socket = new DatagramSocket();
      sockets.add(socket);
      ports[i] = socket.getLocalPort();
    }
    sockets.forEach(DatagramSocket::close);
    return ports;
  }
}
