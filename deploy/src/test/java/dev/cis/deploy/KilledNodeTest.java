package dev.cis.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.deploy.proto.DeployOrder;
import dev.cis.deploy.proto.Release;
import dev.cis.deploy.proto.Selector;
import dev.cis.deploy.trust.Publishers;
import dev.cis.deploy.trust.VerifyingKey;
import dev.cis.kernel.identity.KeyPair;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledNodeTest {
  private static final KeyPair PUBLISHER = KeyPair.generate(new SplittableRandom(100));
  private static final int ROUNDS = 5;

  @TempDir Path home;

  /**
   * The application says in a file that it was started and whether all of its package was there:
   * the last entry is behind half a megabyte of others.
   */
  @Test
  void aNodeKilledAtAnyMomentStartsTheWholeApplicationAndOnlyOnce() throws Exception {
    var starts = home.resolve("starts");
    var script =
        "if [ -e z-last.txt ]; then echo whole $$ >> "
            + starts
            + "; else echo half >> "
            + starts
            + "; fi; exec sleep 1000";
    var fixture = new PackageFixture("web", "1.0.0", script, "");
    var random = new SplittableRandom(7);
    for (int i = 0; i < 200; i++) {
      fixture.with("data/file-" + i + ".txt", Long.toString(random.nextLong()).repeat(150));
    }
    var file = fixture.with("z-last.txt", "here").write(home, PUBLISHER);
    var order = order(new Release("1.0.0", KilledNode.stored(home, file), Files.size(file)));
    Publishers.open(home.resolve("trusted")).trust("p", VerifyingKey.of(PUBLISHER.publicKey()));
    long seed = System.nanoTime();
    var moments = new SplittableRandom(seed);
    for (int round = 0; round < ROUNDS; round++) {
      Files.deleteIfExists(home.resolve("begun"));
      var node = start(order);
      // Not before it runs at all: the Java machine takes its time to begin.
      Await.until(() -> "it runs; seed " + seed, () -> Files.exists(home.resolve("begun")));
      var _ = node.waitFor(moments.nextLong(900), TimeUnit.MILLISECONDS);
      node.destroyForcibly().waitFor();
    }
    var last = start(order);
    try {
      Await.until(() -> "healthy; seed " + seed, () -> phase().equals("HEALTHY"));
      assertThat(Files.readAllLines(starts))
          .as("seed " + seed)
          .hasSize(1)
          .allMatch(line -> line.startsWith("whole "));
    } finally {
      Files.createFile(home.resolve("stop"));
      var ended = last.waitFor(60, TimeUnit.SECONDS);
      last.destroyForcibly();
      assertThat(ended).isTrue();
    }
  }

  private String phase() {
    try {
      return Files.readString(home.resolve("phase"));
    } catch (IOException e) {
      return "";
    }
  }

  private Process start(Path order) throws IOException {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return new ProcessBuilder(
            java,
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            KilledNode.class.getName(),
            home.toString(),
            order.toString(),
            DeployOrder.key(PUBLISHER.publicKey(), "web"))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(new File(home.toFile(), "node.out")))
        .start();
  }

  private Path order(Release release) throws IOException {
    var strategy =
        new DeployOrder.Strategy(0, 0, false, true, Duration.ofMinutes(5), Duration.ofSeconds(1));
    var order =
        new DeployOrder(
            "web",
            DeployOrder.Action.RUN,
            release,
            Selector.nodes(List.of(KeyPair.generate(new SplittableRandom(1)).nodeId())),
            1,
            Instant.now(),
            true,
            strategy);
    return Files.write(home.resolve("order"), DeployOrder.SIGNED.encode(order.sign(PUBLISHER)));
  }
}
