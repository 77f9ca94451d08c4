package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cis.kernel.identity.KeyPair;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What users are told about paths through real routers, in the namespace lab. */
class WhyIT extends InTheLab {
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final String PUB2 = "198.51.100.10:7677";

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

  @Test
  void itSaysWhyThereIsNoConnection() throws Exception {
    lab.start(lab.host("pub1"), "--anchor");
    var a1 = begin("a1");
    var b1 = begin("b1");
    await().atMost(SOON).until(() -> a1.connected().containsAll(List.of("b1", "pub1")));

    // An anchor of another realm serves us, and that is all.
    var other = lab.stranger("pub2");
    lab.start(other, "--anchor");
    var id = id(other);
    a1.run("p2p", "connect", PUB2).succeeded();
    assertThat(verdict(a1, id)).isEqualTo("other-realm");

    a1.run("p2p", "deny", id).succeeded();
    awaitVerdict(a1, id, "not-admitted", "access.deny", "cis p2p allow");
    a1.run("p2p", "allow", id).succeeded();

    other.run("p2p", "deny", id(a1)).succeeded();
    refuses(a1, PUB2);
    awaitVerdict(a1, id, "refused", "has nothing to do with us");

    // Somebody else has got its address.
    other.run("p2p", "stop").succeeded();
    var usurper = lab.stranger("pub2", "usurper");
    lab.start(usurper, "--anchor");
    refuses(a1, id);
    awaitVerdict(a1, id, "wrong-identity", "another node answers", "cis p2p remove-peer");

    // Nobody answers there any more, and nothing is known of a relay.
    usurper.run("p2p", "stop").succeeded();
    b1.run("p2p", "stop").succeeded();
    var dial = Thread.ofVirtual().start(() -> refuses(a1, "b1"));
    refuses(a1, id);
    awaitVerdict(a1, id, "no-relay", "its one address leads nowhere", "names no relay");

    var unborn = KeyPair.generate(new SecureRandom()).nodeId().toString();
    awaitVerdict(a1, unborn, "no-address", "cis p2p find");

    dial.join();
    awaitVerdict(a1, "b1", "unreachable", "no relay that it named joins it");

    assertThat(Lab.natlab("cut", "--unplug", "a1")).isZero();
    awaitVerdict(a1, "pub1", "offline", "connected to nobody else either", "cis p2p netcheck");
  }

  private static String id(Terminal node) {
    return String.valueOf(node.json("p2p", "status").get("node"));
  }

  /** In the end: whoever is shut out may not have heard yet that its connection is gone. */
  private static void refuses(Terminal node, String peer) {
    await()
        .atMost(SOON)
        .untilAsserted(() ->
            assertThat(node.run("p2p", "connect", peer).exit()).as("connect %s", peer).isNotZero());
  }

  private static void awaitVerdict(Terminal node, String peer, String verdict, String... words) {
    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          var why = node.run("p2p", "why", peer, "--json");
          assertThat(why.exit()).as(why.out()).isEqualTo(6);
          assertThat(why.json()).containsEntry("verdict", verdict);
          assertThat(String.valueOf(why.json().get("meaning"))).contains(words);
        });
  }
}
