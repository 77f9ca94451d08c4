package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** How nodes find each other in the namespace lab. */
class DiscoveryIT extends InTheLab {
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final String SOMEBODY = "jq6aqodbpjqaaatkszzsgv6cu23tp6ov2bm3fwvxqufc2pt7brwq";

  @Test
  void avahiSeesUsAndWeSeeItAndInterfacesMayComeAndGo() throws Exception {
    Assumptions.assumeTrue(
        Neighbour.isInstalled(), "the test needs the packages avahi-daemon, avahi-utils and dbus");
    var d1 = lab.host("d1");
    lab.start(d1, "--no-dht");
    var id = String.valueOf(d1.json("p2p", "status").get("node"));
    try (var d2 = Neighbour.start("d2", Files.createTempDirectory("cisav"))) {
      await()
          .atMost(SOON)
          .untilAsserted(() ->
              assertThat(d2.browse())
                  .containsPattern("=;eth0;IPv4;" + id + ".*192\\.168\\.4\\.11;7677;")
                  .containsPattern("=;eth0;IPv6;" + id + ".*fe80:.*;7677;")
                  .contains("\"id=" + id + "\"", "\"v=1\""));

      var published = d2.publish("somebody else", 7999, "id=" + SOMEBODY, "v=1");
      await().atMost(SOON).until(() -> events(d1).contains("lan-up " + SOMEBODY));
      var seen = d1.run("p2p", "peers", "--discovered", "--json").out();
      assertThat(seen).contains("192.168.4.12:7999", "fe80", "%eth0]:7999");
      published.descendants().forEach(ProcessHandle::destroy);
      published.destroy();
      await().atMost(SOON).until(() -> events(d1).contains("lan-down " + SOMEBODY));

      Lab.ip("d1", "link set eth0 down");
      await().atMost(SOON).until(() -> addresses(d1) == 0);
      Lab.ip("d1", "link set eth0 up");
      Lab.ip("d1", "addr del 192.168.4.11/24 dev eth0");
      Lab.ip("d1", "addr add 192.168.4.99/24 dev eth0");
      await().atMost(SOON).until(() -> addresses(d1) == 2);
      await()
          .atMost(SOON)
          .untilAsserted(() ->
              assertThat(d2.browse())
                  .containsPattern("=;eth0;IPv4;" + id + ".*192\\.168\\.4\\.99;7677;")
                  .containsPattern("=;eth0;IPv6;" + id + ".*fe80:.*;7677;"));
    } finally {
      Lab.ip("d1", "addr flush dev eth0 scope global");
      Lab.ip("d1", "addr add 192.168.4.11/24 dev eth0");
      Lab.ip("d1", "route replace default via 192.168.4.1");
    }
  }

  @Test
  void aHostWithTwoInterfacesFindsTheNeighboursOfBothAndByIpv6Alone() throws Exception {
    // A second cable, to a host of another LAN, on which there are link-local addresses only.
    // Its router maps no ports: else h1 would find another way to it.
    Lab.ip("b1", "link add other type veth peer name other netns " + Lab.PREFIX + "h1");
    Lab.ip("b1", "link set other up");
    Lab.ip("h1", "link set other up");
    var b1 = lab.host("b1");
    var b2 = lab.host("b2");
    var h1 = lab.host("h1");
    for (var each : List.of(b1, b2, h1)) {
      lab.start(each, "--no-dht");
    }
    await().atMost(SOON).until(() -> b1.connected().containsAll(List.of("b2", "h1")));
    assertThat(addresses(b1)).as("IPv4 and IPv6 of one, IPv6 of the other").isEqualTo(3);
    assertThat(h1.run("p2p", "peers", "--connected", "--verbose").succeeded().out())
        .contains("fe80", "%other");
    assertThat(b1.json("p2p", "status").get("online")).isEqualTo(true);

    Lab.ip("b1", "link del other");
    await().atMost(SOON).until(() -> events(b1).contains("peer-down " + idOf(h1)));
    await().atMost(SOON).until(() -> Boolean.FALSE.equals(h1.json("p2p", "status").get("online")));
    assertThat(String.valueOf(h1.json("p2p", "status").get("onlineReason"))).contains("the last");
    assertThat(b1.connected()).containsExactly("b2");
  }

  @Test
  void aNameOnTheListIsResolvedAgainAndAllItsAddressesAreTried() throws Exception {
    var pub1 = lab.host("pub1");
    var b1 = lab.host("b1");
    lab.start(pub1, "--no-dht");
    var hosts = Path.of("/etc/netns/" + Lab.PREFIX + "b1/hosts");
    var before = Files.readString(hosts);
    try {
      lab.start(b1, "--no-dht", "--no-mdns", "--bootstrap", "meeting.example:7677");
      await().atMost(SOON).until(() -> failing(b1).contains("meeting.example"));
      // Written into the same file, which is mounted into the namespace.
      Files.writeString(
          hosts, before + "203.0.113.99 meeting.example\n203.0.113.10 meeting.example\n");
      await().atMost(SOON).until(() -> b1.connected().contains("pub1"));
    } finally {
      Files.writeString(hosts, before);
    }
  }

  @Test
  void membersOfTwoLansMeetByAnOpenAnchorThatLearnsNothingOfThem() throws Exception {
    var anchor = lab.stranger("pub1");
    lab.start(anchor, "--anchor");
    var a1 = lab.host("a1");
    var b1 = lab.host("b1");
    var pub2 = lab.host("pub2");
    for (var each : List.of(a1, b1, pub2)) {
      lab.start(each, "--no-mdns", "--bootstrap", "203.0.113.10");
    }
    for (var each : List.of(a1, pub2)) {
      await()
          .atMost(SOON)
          .until(() -> Boolean.TRUE.equals(each.json("p2p", "status").get("online")));
      assertThat(String.valueOf(each.json("p2p", "status").get("anchors"))).contains(idOf(anchor));
    }
    // Nobody was told where the others are; two routers keep a1 and b1 from each other.
    await().atMost(SOON).until(() -> pub2.connected().containsAll(List.of("a1", "b1")));
    // What a router keeps out stays out, and a public host is told that it is one.
    assertThat(a1.run("p2p", "reachable").out()).contains("silent", "198.18.1.2:7677");
    assertThat(pub2.run("p2p", "reachable").succeeded().out())
        .contains("reached", "198.51.100.10:7677");

    var told = anchor.run("p2p", "peers", "--verbose", "--json").succeeded().out();
    assertThat(told).contains(idOf(a1), idOf(pub2)).doesNotContain("pub2\"", "env");
    assertThat(anchor.json("p2p", "status").get("anchor")).isEqualTo(true);
    a1.run("memory", "set", "hush", "secret").succeeded();
    assertThat(anchor.run("memory", "list").out()).doesNotContain("hush");

    var stun = new java.util.ArrayList<>(Lab.on("a1"));
    stun.addAll(List.of("turnutils_stunclient", "-p", "7677", "203.0.113.10"));
    var process = new ProcessBuilder(stun).redirectErrorStream(true).start();
    assertThat(
            new String(
                process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8))
        .as("another implementation asks for its address")
        .contains("198.18.1.2");
  }

  private static String failing(Terminal terminal) {
    return terminal.run("p2p", "peers", "--discovered", "--verbose").succeeded().out();
  }

  private static int addresses(Terminal terminal) {
    return Integer.parseInt(String.valueOf(terminal.json("p2p", "status").get("mdnsAddresses")));
  }

  private static String idOf(Terminal terminal) {
    return String.valueOf(terminal.json("p2p", "status").get("node"));
  }

  /** What happened, one {@code event node} a line. */
  private static List<String> events(Terminal terminal) throws IOException {
    var lines = terminal.run("p2p", "events", "--json").succeeded().out().lines();
    var all = new java.util.ArrayList<String>();
    for (var line : lines.toList()) {
      var event = com.fasterxml.jackson.jr.ob.JSON.std.mapFrom(line);
      all.add(event.get("event") + " " + event.getOrDefault("node", ""));
    }
    return all;
  }
}
