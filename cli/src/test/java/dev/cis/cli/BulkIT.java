package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Tens of megabytes on their way between two homes, whose path changes meanwhile. */
class BulkIT extends InTheLab {
  private static final Duration SOON = Duration.ofSeconds(90);
  // A search that failed is repeated after a minute.
  private static final Duration AFTER_THE_NEXT_SEARCH = Duration.ofSeconds(150);
  // What was seen is 0.1 s to the direct path and 2 s to the relay; a busy machine adds to it.
  private static final Duration PAUSE = Duration.ofSeconds(20);
  private static final int MEGA = 1 << 20;
  private static final int SIZE = 24 * MEGA;
  private static final long LAST = 6 * MEGA;

  @Test
  void aTransferGoesFromTheRelayToADirectPathAndBackAndLosesNothing() throws Exception {
    assertThat(Lab.natlab("partition", "natA", "natB")).isZero();
    var pub1 = lab.host("pub1");
    var a1 = lab.host("a1");
    var b1 = lab.host("b1");
    a1.run("keys", "generate", "lab").succeeded();
    var key = a1.run("keys", "export", "lab").succeeded().out().strip();
    b1.run("keys", "trust", key, "--name", "lab").succeeded();
    var file = pack(a1);

    lab.start(pub1, "--anchor");
    lab.start(b1, "--bootstrap", "203.0.113.10:7677");
    // So that it takes a minute and more by the relay.
    rate("natB", 2);
    try (var watch = new LinkWatch(b1, "a1")) {
      lab.start(a1, "--bootstrap", "203.0.113.10:7677");
      until(SOON, watch, () -> watch.path().equals("relay"));
      var deploy =
          a1.start(
              homes.resolve("deploy.txt"), "p2p", "deploy", file, "--nodes", "b1", "--key", "lab");
      try {
        until(SOON, watch, () -> watch.received() > MEGA);
        assertThat(watch.path()).isEqualTo("relay");
        var _ = watch.longestPause();
        assertThat(Lab.natlab("heal")).isZero();
        until(AFTER_THE_NEXT_SEARCH, watch, () -> watch.path().equals("direct"));
        long byRelay = watch.received();
        assertThat(byRelay).isLessThan(SIZE - LAST);
        until(SOON, watch, () -> watch.received() > byRelay + MEGA / 4);
        assertThat(watch.longestPause()).isLessThan(PAUSE);

        rate("natB", 16);
        until(SOON, watch, () -> watch.received() > SIZE - LAST);
        rate("natB", 2);
        assertThat(watch.path()).isEqualTo("direct");
        assertThat(Lab.natlab("partition", "natA", "natB")).isZero();
        until(SOON, watch, () -> watch.path().equals("relay"));
        long direct = watch.received();
        until(SOON, watch, () -> watch.received() > direct + MEGA / 4);
        assertThat(watch.longestPause()).isLessThan(PAUSE);
        rate("natB", 0);
        assertThat(deploy.waitFor(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
      } finally {
        deploy.destroy();
      }
      assertThat(deploy.exitValue()).as(said()).isZero();
      assertThat(watch.path()).isEqualTo("relay");
      assertThat(watch.connections()).as("it is the same connection").isEqualTo(1);
      assertThat(Files.mismatch(homes.resolve("bulk/payload.bin"), arrived(b1))).isEqualTo(-1);
    }
  }

  private void until(Duration atMost, LinkWatch watch, Callable<Boolean> condition) {
    await()
        .atMost(atMost)
        .pollInterval(Duration.ofMillis(100))
        .failFast("there is more than one connection", () -> watch.connections() > 1)
        .until(condition);
  }

  private static void rate(String link, int megabits) throws Exception {
    assertThat(Lab.natlab("rate", link, "" + megabits)).isZero();
  }

  private String said() throws IOException {
    return Files.readString(homes.resolve("deploy.txt"));
  }

  /** An application with much in it that no compression makes smaller. */
  private String pack(Terminal publisher) throws IOException {
    var source = homes.resolve("bulk");
    publisher.run("package", "init", source.toString()).succeeded();
    var bytes = new byte[SIZE];
    new Random(1).nextBytes(bytes);
    Files.write(source.resolve("payload.bin"), bytes);
    publisher.run("package", "build", source.toString(), "--output", homes.toString()).succeeded();
    var file = homes.resolve("bulk-1.0.0.p2p").toString();
    publisher.run("package", "sign", file, "--key", "lab").succeeded();
    return file;
  }

  private static Path arrived(Terminal node) throws IOException {
    try (var files = Files.walk(node.home())) {
      return files.filter(each -> each.endsWith("payload.bin")).findFirst().orElseThrow();
    }
  }
}
