package dev.cis.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.deploy.proto.AppState;
import dev.cis.deploy.proto.Phase;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sync.Memory;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class AppStatesTest {
  private static final NodeId NODE = KeyPair.generate(new SplittableRandom(1)).nodeId();
  private static final NodeId OTHER = KeyPair.generate(new SplittableRandom(2)).nodeId();
  private static final AppState STATE =
      new AppState(
          NODE,
          "web",
          "1.0.0",
          "ab",
          "cd",
          7,
          Phase.UNHEALTHY,
          "because \"x\"",
          1,
          2,
          42L,
          Instant.EPOCH,
          3,
          9,
          "memory 5",
          List.of("1.0.0"),
          List.of("ab"),
          List.of("ef"),
          List.of("last"),
          Instant.parse("2026-01-01T00:00:00Z"));

  @Test
  void aStateComesBackAsItWas() throws IOException {
    assertThat(AppStates.read(NODE, "web", AppStates.write(STATE))).isEqualTo(STATE);
  }

  @Test
  void aNodeSpeaksForItselfOnly() throws IOException {
    var text = AppStates.write(STATE);
    assertThat(AppStates.read(item(text, NODE))).contains(STATE);
    assertThat(AppStates.read(item(text, OTHER))).isEmpty();
  }

  @Property(tries = 2000)
  void nonsenseIsLeftOutAndNeverThrown(
      @ForAll @IntRange(max = 5000) int at, @ForAll char with, @ForAll @IntRange(max = 600) int cut)
      throws IOException {
    var text = new StringBuilder(AppStates.write(STATE));
    text.setCharAt(at % text.length(), with);
    text.setLength(Math.min(text.length(), cut + 1));
    assertThat(AppStates.read(item(text.toString(), NODE))).isNotNull();
  }

  private static Memory.Item item(String json, NodeId author) {
    var key = "node/" + NODE + "/app/web";
    return new Memory.Item(
        Memory.Domain.PUBLIC,
        "deploy",
        key,
        Bytes.utf8(json),
        null,
        author,
        1,
        Instant.EPOCH,
        new TreeMap<>(),
        false);
  }
}
