package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What users are told about paths through real routers, in the namespace lab. */
class WhyIT extends InTheLab {
  private static final Duration SOON = Duration.ofSeconds(90);

  private Terminal begin(String host) {
    var node = lab.host(host);
    lab.start(node, "--bootstrap", "203.0.113.10:7677");
    return node;
  }

  private static String verdict(Terminal node, String peer) {
    return String.valueOf(node.run("p2p", "why", peer, "--json").json().get("verdict"));
  }

  @Test
  void itSaysWhyAPathIsDirectOrNotAndPingWaitsForADirectOne() {
    lab.start(lab.host("pub1"), "--anchor");
    var a1 = begin("a1");
    var b1 = begin("b1");
    var _ = begin("c1");
    await().atMost(SOON).until(() -> a1.connected().containsAll(List.of("b1", "c1", "pub1")));

    var ping = a1.run("p2p", "ping", "b1", "--until-direct").succeeded();
    assertThat(ping.out().lines().toList().getLast()).endsWith(", path direct");
    assertThat(verdict(a1, "b1")).isEqualTo("direct");

    // Not while the next search is under way.
    await()
        .atMost(SOON)
        .untilAsserted(() ->
            assertThat(a1.run("p2p", "why", "c1").succeeded().out())
                .contains("relay through pub1 at 203.0.113.10:7677", "no direct path was found")
                .containsPattern("pub1 +yes +yes +in use"));
    assertThat(a1.run("p2p", "ping", "c1", "--until-direct", "-c", "2").exit()).isEqualTo(3);

    b1.run("p2p", "disconnect", "a1").succeeded();
    await().atMost(SOON).until(() -> "disconnected".equals(verdict(a1, "b1")));
    var apart = a1.run("p2p", "why", "b1");
    assertThat(apart.exit()).isEqualTo(6);
    assertThat(apart.out()).contains("not connected", "left alone for", "cis p2p connect b1");
    a1.run("p2p", "connect", "b1").succeeded();
    a1.run("p2p", "why", "b1").succeeded();
  }
}
