package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** What users do with nodes that are connected, by whatever path. */
record LabWork(Path homes) {
  private static final Duration SOON = Duration.ofSeconds(90);

  /** Broadcasts until it is heard; what was heard, as JSON. */
  String broadcastCrosses(Terminal from, Terminal to) throws IOException {
    var heard = homes.resolve("heard.txt");
    var subscriber = to.start(heard, "p2p", "subscribe", "lab.news", "--json");
    try {
      // The subscription is not awaited: what was published before it came is not heard.
      await()
          .atMost(SOON)
          .pollInterval(Duration.ofSeconds(1))
          .until(() -> {
            from.run("p2p", "broadcast", "lab.news", "across the internet").succeeded();
            return Files.readString(heard).contains("across the internet");
          });
    } finally {
      subscriber.destroy();
    }
    return Files.readString(heard);
  }

  /** Writes and deletes, and waits until every reader sees it. */
  void memoryIsShared(Terminal writer, Terminal... readers) {
    writer.run("memory", "set", "lab/greeting", "hello").succeeded();
    for (var reader : readers) {
      await()
          .atMost(SOON)
          .until(() -> reader.run("memory", "get", "lab/greeting").out().strip().equals("hello"));
    }
    writer.run("memory", "delete", "lab/greeting", "--yes").succeeded();
    for (var reader : readers) {
      await().atMost(SOON).until(() -> reader.run("memory", "get", "lab/greeting").exit() == 1);
    }
  }

  /** Builds, signs and deploys an application to all of them, and reads its log. */
  void deploys(Terminal deployer, List<Terminal> targets) {
    deployer.run("keys", "generate", "lab").succeeded();
    var key = deployer.run("keys", "export", "lab").succeeded().out().strip();
    for (var target : targets) {
      target.run("keys", "trust", key, "--name", "lab").succeeded();
      var self = target.home().getFileName().toString();
      target.run("node", "label", self, "job=hello").succeeded();
    }
    var source = homes.resolve("hello");
    deployer.run("package", "init", source.toString()).succeeded();
    deployer.run("package", "build", source.toString(), "--output", homes.toString()).succeeded();
    var file = homes.resolve("hello-1.0.0.p2p").toString();
    deployer.run("package", "sign", file, "--key", "lab").succeeded();
    deployer.run("p2p", "deploy", file, "--labels", "job=hello", "--key", "lab").succeeded();
    var apps = Terminal.list(deployer.json("app", "list"), "apps");
    assertThat(apps).hasSize(targets.size());
    assertThat(apps).allSatisfy(app -> assertThat(app.get("phase")).isEqualTo("HEALTHY"));
    var lines = deployer.run("logs", "hello", "--tail", "1").succeeded().out();
    assertThat(lines).isNotBlank();
  }
}
