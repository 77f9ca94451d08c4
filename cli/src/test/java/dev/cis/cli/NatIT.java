package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Every kind of router with every other, in the namespace lab, and one anchor. */
class NatIT extends InTheLab {
  private static final Duration SOON = Duration.ofSeconds(90);
  // A search that failed is repeated after a minute.
  private static final Duration AFTER_THE_NEXT_SEARCH = Duration.ofSeconds(150);

  /** Where nothing but a relay helps (RFC 4787): between these two sets, and within the first. */
  private static final Set<String> SYMMETRIC = Set.of("c1", "h1");

  private static final Set<String> FILTERING = Set.of("a1", "b1", "f1");

  /** Behind a router that lets no UDP out; has an account on a TURN server. */
  private static final String BLOCKED = "g1";

  private static String expected(String one, String other) {
    if (one.equals(BLOCKED)) {
      return "turn";
    }
    boolean apart =
        (SYMMETRIC.contains(one) && (SYMMETRIC.contains(other) || FILTERING.contains(other)))
            || (SYMMETRIC.contains(other) && FILTERING.contains(one));
    return apart ? "relay" : "direct";
  }

  private static Map<String, String> paths(Terminal node) {
    var paths = new TreeMap<String, String>();
    for (var peer : Terminal.list(node.json("p2p", "peers", "--connected"), "peers")) {
      paths.put(String.valueOf(peer.get("name")), String.valueOf(peer.get("path")));
    }
    return paths;
  }

  private Terminal begin(String host, String... more) throws IOException {
    var node = lab.host(host);
    if (host.equals(BLOCKED)) {
      Files.writeString(
          node.home().resolve("config.toml"),
          """

          [nat]
          turn = ["192.0.2.10:3478"]
          turn_user = "lab"
          turn_password = "lab"
          """,
          StandardOpenOption.APPEND);
    }
    var words = new ArrayList<>(List.of("--bootstrap", "203.0.113.10:7677"));
    words.addAll(List.of(more));
    lab.start(node, words.toArray(String[]::new));
    return node;
  }

  @Test
  void everyPairConnectsAndIsDirectWhereTheoryLetsIt() throws Exception {
    var pub1 = lab.host("pub1");
    lab.start(pub1, "--anchor");
    var nodes = new LinkedHashMap<String, Terminal>();
    for (var host : List.of("a1", "b1", "c1", "d1", "e1", "f1", "g1", "h1", "pub2")) {
      nodes.put(host, begin(host));
    }
    nodes.forEach((name, node) -> {
      var wanted = new TreeMap<String, String>(Map.of("pub1", expected(name, "pub1")));
      nodes.keySet().stream()
          .filter(other -> !other.equals(name))
          .forEach(other -> wanted.put(other, expected(name, other)));
      await()
          .atMost(AFTER_THE_NEXT_SEARCH)
          .pollInterval(Duration.ofSeconds(1))
          .untilAsserted(() -> assertThat(paths(node)).as(name).containsAllEntriesOf(wanted));
    });

    // The worst pair: both behind translators that map for each target anew.
    var c1 = Objects.requireNonNull(nodes.get("c1"));
    var h1 = Objects.requireNonNull(nodes.get("h1"));
    var work = new LabWork(homes);
    work.broadcastCrosses(c1, h1);
    work.memoryIsShared(c1, h1);
    work.deploys(c1, List.of(c1, h1));
    assertThat(paths(c1)).containsEntry("h1", "relay");

    // And from behind the wall that lets no UDP out.
    var g1 = Objects.requireNonNull(nodes.get(BLOCKED));
    work.broadcastCrosses(g1, h1);
    work.broadcastCrosses(h1, g1);
  }

  @Test
  void aDirectPathThatDiesGoesBackToTheRelayAndIsFoundAgain() throws Exception {
    var pub1 = lab.host("pub1");
    lab.start(pub1, "--anchor");
    var a1 = begin("a1");
    var b1 = begin("b1");
    await().atMost(SOON).until(() -> "direct".equals(paths(a1).get("b1")));
    await().atMost(SOON).until(() -> "direct".equals(paths(b1).get("a1")));
    var since = since(a1);
    assertThat(Lab.natlab("partition", "natA", "natB")).isZero();
    await().atMost(SOON).until(() -> "relay".equals(paths(a1).get("b1")));
    a1.run("p2p", "ping", "b1", "-c", "2").succeeded();
    assertThat(Lab.natlab("heal")).isZero();
    await().atMost(AFTER_THE_NEXT_SEARCH).until(() -> "direct".equals(paths(a1).get("b1")));
    a1.run("p2p", "ping", "b1", "-c", "2").succeeded();
    assertThat(since(a1)).as("it is the same connection").isEqualTo(since);
  }

  @Test
  void neighboursUseTheirLanAndAreNotTakenForHostsWithTheSameAddressElsewhere() throws Exception {
    var pub1 = lab.host("pub1");
    lab.start(pub1, "--anchor");
    // a2 and b2 are both 192.168.1.12, each in its own home.
    var a1 = begin("a1", "--no-mdns");
    begin("a2", "--no-mdns");
    begin("b2", "--no-mdns");
    await()
        .atMost(AFTER_THE_NEXT_SEARCH)
        .untilAsserted(() -> {
          assertThat(paths(a1)).containsEntry("a2", "direct").containsEntry("b2", "direct");
          assertThat(address(a1, "a2")).isEqualTo("192.168.1.12:7677");
          assertThat(address(a1, "b2")).startsWith("198.18.2.2:");
        });
  }

  @Test
  void neighboursMeetByIpv6WhereIpv4DoesNotGetThrough() throws Exception {
    var pub1 = lab.host("pub1");
    lab.start(pub1, "--anchor");
    // No router of the lab forwards IPv6, as at many homes; a LAN has it all the same.
    var added =
        List.of(
            List.of("a1", "addr", "fd00:a::11/64"),
            List.of("a2", "addr", "fd00:a::12/64"),
            List.of("a1", "route", "192.168.1.12/32"),
            List.of("a2", "route", "192.168.1.11/32"));
    try {
      for (var each : added) {
        assertThat(ip(each, "add")).isZero();
      }
      var a1 = begin("a1", "--no-mdns");
      var a2 = begin("a2", "--no-mdns");
      await()
          .atMost(AFTER_THE_NEXT_SEARCH)
          .untilAsserted(() -> {
            assertThat(address(a1, "a2")).contains("fd00:a:").endsWith(":12]:7677");
            assertThat(paths(a1)).containsEntry("a2", "direct");
            assertThat(paths(a2)).containsEntry("a1", "direct");
          });
      a1.run("p2p", "ping", "a2", "-c", "2").succeeded();
    } finally {
      for (var each : added) {
        var _ = ip(each, "del");
      }
    }
  }

  private static int ip(List<String> what, String how) throws Exception {
    var words = new ArrayList<>(List.of("exec", what.get(0), "ip", what.get(1), how));
    if (what.get(1).equals("route")) {
      words.addAll(List.of("blackhole", what.get(2)));
    } else {
      words.addAll(List.of(what.get(2), "dev", "eth0"));
    }
    return Lab.natlab(words.toArray(String[]::new));
  }

  private static String address(Terminal node, String peer) {
    return Terminal.list(node.json("p2p", "peers", "--connected"), "peers").stream()
        .filter(each -> peer.equals(each.get("name")))
        .map(each -> String.valueOf(each.get("address")))
        .findFirst()
        .orElse("");
  }

  private static Object since(Terminal node) {
    return Terminal.list(node.json("p2p", "peers", "--connected"), "peers").stream()
        .filter(peer -> "b1".equals(peer.get("name")))
        .map(peer -> String.valueOf(peer.get("since")))
        .findFirst()
        .orElseThrow();
  }
}
