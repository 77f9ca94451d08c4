package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Every kind of router of the namespace lab is called by its name. */
class NetcheckIT extends InTheLab {
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final String COTURN = "192.0.2.10:3478";
  private static final String FREE = "endpoint-independent";
  private static final String STRICT = "address-and-port-dependent";

  /** What the router of a host is configured to do; see lab/README.md. */
  private record Kind(String host, String outside, String mapping, String filtering, String word) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind("a1", "198.18.1.2:", FREE, STRICT, "punched"),
          new Kind("b1", "198.18.2.2:", FREE, STRICT, "punched"),
          new Kind("c1", "198.18.3.2:", STRICT, STRICT, "symmetric"),
          new Kind("d1", "198.18.4.2:", FREE, FREE, "let-in"),
          new Kind("e1", "198.18.5.2:", FREE, STRICT, "punched"),
          new Kind("f1", "198.18.6.2:", FREE, STRICT, "punched"),
          new Kind("h1", "198.18.8.2:", STRICT, STRICT, "symmetric"),
          new Kind("pub1", "203.0.113.10:", FREE, FREE, "open"));

  private Terminal bare(String host) {
    return new Terminal(Lab.on(host), homes.resolve("bare-" + host));
  }

  @Test
  void aServerWithTwoAddressesTellsTheKindOfEveryRouter() throws Exception {
    var checks = new ArrayList<Future<?>>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var kind : KINDS) {
        // Again, should the machine have been stalled for the seconds that an answer may take.
        checks.add(threads.submit(() -> await().atMost(SOON).untilAsserted(() -> toldAs(kind))));
      }
      var blocked = threads.submit(() -> bare("g1").run("p2p", "netcheck", "--stun", COTURN));
      for (var check : checks) {
        check.get();
      }
      assertThat(blocked.get().exit()).isEqualTo(6);
      assertThat(blocked.get().out()).contains("UDP is blocked", "TURN server over TCP");
    }
  }

  private void toldAs(Kind kind) {
    var output = bare(kind.host).run("p2p", "netcheck", "--stun", COTURN, "--json").succeeded();
    assertThat(output.err()).contains("no daemon is running");
    var family = Terminal.list(output.json(), "families").getFirst();
    assertThat(family.get("mapping")).as("%s", kind).isEqualTo(kind.mapping);
    assertThat(family.get("filtering")).as("%s", kind).isEqualTo(kind.filtering);
    assertThat(String.valueOf(family.get("external"))).contains(kind.outside);
    assertThat(output.json()).containsEntry("outlook", kind.word).containsEntry("udp", "yes");
  }

  @Test
  void twoAnchorsTellTheMappingOfTheQuicPortAndTheTime() throws Exception {
    assertThat(Lab.natlab("delay", "pub1", "100")).isZero();
    var first = lab.stranger("pub1");
    lab.start(first, "--anchor");
    var second = lab.stranger("pub2");
    lab.start(second, "--anchor", "--bootstrap", "203.0.113.10");
    var home = lab.host("a1");
    var symmetric = lab.host("c1");
    for (var each : List.of(home, symmetric)) {
      lab.start(each, "--no-mdns", "--bootstrap", "203.0.113.10,198.51.100.10");
    }
    await().atMost(SOON).untilAsserted(() -> homeIsTold(netcheck(home)));
    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          var seen = netcheck(symmetric);
          assertThat(Terminal.list(seen, "families").getFirst())
              .containsEntry("mapping", "address-dependent or address-and-port-dependent");
          assertThat(seen).containsEntry("outlook", "symmetric");
        });
    assertThat(home.run("p2p", "netcheck").out())
        .contains("203.0.113.10:7677", "198.51.100.10:7677", "ANCHOR", "CLOCK");
  }

  private static void homeIsTold(Map<String, Object> seen) {
    assertThat(Terminal.list(seen, "anchors"))
        .as("the nearer one first")
        .extracting(anchor -> anchor.get("address"))
        .containsExactly("198.51.100.10:7677", "203.0.113.10:7677");
    var far = String.valueOf(Terminal.list(seen, "anchors").getLast().get("rttMillis"));
    assertThat(Double.parseDouble(far)).isGreaterThan(190);
    assertThat(Terminal.list(seen, "families").getFirst())
        .containsEntry("external", List.of("198.18.1.2:7677"))
        .containsEntry("mapping", FREE)
        .containsEntry("filtering", "unknown")
        .containsEntry("filteringWhy", "needs a server with two addresses");
    assertThat(seen)
        .containsEntry("daemon", true)
        .containsEntry("outlook", "punched")
        .containsEntry("meaning", "Others can reach you directly through hole punching.");
    for (var anchor : Terminal.list(seen, "anchors")) {
      // All share the clock of this machine.
      assertThat(Math.abs(number(anchor, "clockAheadMillis")))
          .isLessThanOrEqualTo(number(anchor, "clockErrorMillis") + 2);
    }
  }

  private static Map<String, Object> netcheck(Terminal terminal) {
    return terminal.json("p2p", "netcheck");
  }

  private static long number(Map<String, Object> map, String field) {
    return Long.parseLong(String.valueOf(map.get(field)));
  }
}
