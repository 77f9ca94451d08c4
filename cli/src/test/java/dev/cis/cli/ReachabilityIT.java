package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.jr.ob.JSON;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * Behind routers of the namespace lab: one that maps ports, one that does not. Needs root and the
 * packages that {@code lab/natlab check} names.
 */
class ReachabilityIT extends InTheLab {
  private static final Duration SOON = Duration.ofMinutes(2);
  private static final List<String> ANCHORS =
      List.of("--bootstrap", "203.0.113.10:7677", "--bootstrap", "198.51.100.10:7677");

  private static void awaitAddress(Terminal node, String address, String state, boolean told) {
    await()
        .atMost(SOON)
        .until(() ->
            Terminal.list(
                    JSON.std.mapFrom(node.run("p2p", "reachable", "--known", "--json").out()),
                    "addresses")
                .stream()
                .anyMatch(each ->
                    address.equals(each.get("address"))
                        && state.equals(each.get("state"))
                        && Objects.equals(each.get("announced"), told)));
  }

  /** What it means for others, and how the mapping stands. */
  private static void awaitNetcheck(Terminal node, String outlook, String state, boolean told) {
    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          var seen = node.json("p2p", "netcheck", "--stun", "192.0.2.10:3478");
          assertThat(seen).containsEntry("outlook", outlook);
          assertThat(Terminal.list(seen, "mappings"))
              .singleElement()
              .satisfies(mapping ->
                  assertThat(mapping)
                      .containsEntry("external", "198.18.5.2:7677")
                      .containsEntry("reachable", state)
                      .containsEntry("announced", told));
        });
  }

  @Test
  void aMappedAddressIsReachedAndToldAndAnUnmappedOneIsNot() throws Exception {
    var pub1 = lab.host("pub1");
    var pub2 = lab.host("pub2");
    var e1 = lab.host("e1");
    var a1 = lab.host("a1");
    lab.start(pub1, "--anchor");
    lab.start(pub2, "--anchor");
    lab.start(e1, ANCHORS.toArray(String[]::new));
    lab.start(a1, ANCHORS.toArray(String[]::new));

    awaitAddress(e1, "198.18.5.2:7677", "public", true);
    awaitAddress(a1, "198.18.1.2:7677", "private", false);
    var status = e1.run("p2p", "status").succeeded().out();
    assertThat(status).containsPattern("mapping +(pcp|nat-pmp|upnp) 198\\.18\\.5\\.2:7677");

    awaitNetcheck(e1, "forwarded", "public", true);

    // Two nodes behind routers, of which one maps ports, reach each other.
    await().atMost(SOON).until(() -> a1.connected().contains("e1"));
    a1.run("p2p", "ping", "e1", "-c", "1").succeeded();

    e1.run("p2p", "stop").succeeded();
    var gone = "! nft list ruleset | grep -q 7677";
    assertThat(Lab.natlab("exec", "natE", "sh", "-c", gone)).as("nothing is left").isZero();
  }

  @Test
  void whatTheRouterPromisesAndDoesNotKeepIsNotTold() throws Exception {
    var pub1 = lab.host("pub1");
    var e1 = lab.host("e1");
    lab.start(pub1, "--anchor");
    router(
        "add table inet broken; add chain inet broken forward"
            + " { type filter hook forward priority filter - 1; };"
            + " add rule inet broken forward iifname wan ct state new drop");
    try {
      lab.start(e1, "--bootstrap", "203.0.113.10:7677");
      awaitAddress(e1, "198.18.5.2:7677", "private", false);
      // The router still says that the port is mapped.
      assertThat(e1.run("p2p", "status").succeeded().out())
          .containsPattern("mapping +(pcp|nat-pmp|upnp) 198\\.18\\.5\\.2:7677");
      awaitNetcheck(e1, "punched", "private", false);
    } finally {
      router("delete table inet broken");
    }
  }

  private static void router(String words) throws Exception {
    assertThat(Lab.natlab("exec", "natE", "nft", words)).as(words).isZero();
  }
}
