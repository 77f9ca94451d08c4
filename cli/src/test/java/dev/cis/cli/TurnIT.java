package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A host whose router lets no UDP out, then does, and then does not any more. */
class TurnIT extends InTheLab {
  private static final Duration SOON = Duration.ofSeconds(90);
  // A search that failed is repeated after a minute.
  private static final Duration AFTER_THE_NEXT_SEARCH = Duration.ofSeconds(150);

  @Test
  void theTurnServerIsLeftWhenUdpGetsOutAndTakenAgainWhenItDoesNot() throws Exception {
    lab.start(lab.host("pub1"), "--anchor");
    var b1 = lab.host("b1");
    lab.start(b1, "--bootstrap", "203.0.113.10:7677");
    var g1 = lab.host("g1");
    Files.writeString(
        g1.home().resolve("config.toml"),
        """

        [nat]
        turn = ["192.0.2.10:3478"]
        turn_user = "lab"
        turn_password = "lab"
        """,
        StandardOpenOption.APPEND);
    lab.start(g1, "--bootstrap", "203.0.113.10:7677");
    try (var anchor = new LinkWatch(g1, "pub1");
        var home = new LinkWatch(g1, "b1")) {
      await().atMost(SOON).until(() -> anchor.path().equals("turn"));
      await().atMost(SOON).until(() -> home.path().equals("turn"));

      assertThat(Lab.natlab("udp", "natG", "on")).isZero();
      await().atMost(SOON).until(() -> anchor.path().equals("direct"));
      await().atMost(SOON).until(() -> home.path().equals("direct"));
      g1.run("p2p", "ping", "pub1", "-c", "2").succeeded();
      b1.run("p2p", "ping", "g1", "-c", "2").succeeded();
      assertThat(anchor.connections()).as("it is the same connection").isEqualTo(1);
      assertThat(home.connections()).as("that to b1 too").isEqualTo(1);

      assertThat(Lab.natlab("udp", "natG", "off")).isZero();
      await().atMost(SOON).until(() -> anchor.path().equals("turn"));
      await().atMost(AFTER_THE_NEXT_SEARCH).until(() -> home.path().equals("turn"));
      g1.run("p2p", "ping", "pub1", "-c", "2").succeeded();
      b1.run("p2p", "ping", "g1", "-c", "2").succeeded();
    }
  }
}
