package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Nodes in the namespace lab: hosts behind home routers and on public networks that share nothing
 * but the internet.
 */
class LabIT extends InTheLab {
  private static final Duration SOON = Duration.ofSeconds(90);

  @Test
  void twoHostsOfOneLanFindEachOtherWithoutArguments() {
    var a1 = lab.host("a1");
    var a2 = lab.host("a2");
    lab.start(a1);
    lab.start(a2);
    await().atMost(SOON).until(() -> a1.connected().contains("a2"));
    await().atMost(SOON).until(() -> a2.connected().contains("a1"));
    a1.run("p2p", "ping", "a2", "-c", "2").succeeded();
  }

  @Test
  void hostsOnSeveralNetworksFindEachOtherThroughOneAddressAndWorkTogether() throws IOException {
    var pub1 = lab.host("pub1");
    var pub2 = lab.host("pub2");
    var a1 = lab.host("a1");
    var b1 = lab.host("b1");
    lab.start(pub1, "--dht");
    for (var other : List.of(pub2, a1, b1)) {
      lab.start(other, "--dht", "--bootstrap", "203.0.113.10:7677");
    }
    // pub2 was told of pub1 only; the hosts behind routers reach both public ones.
    await().atMost(SOON).until(() -> pub2.connected().containsAll(List.of("a1", "b1", "pub1")));
    await().atMost(SOON).until(() -> a1.connected().containsAll(List.of("pub1", "pub2")));

    var work = new LabWork(homes);
    // Two routers without a mapping keep a1 and b1 apart: a public node passed it on.
    assertThat(work.broadcastCrosses(a1, b1)).containsPattern("\"hops\" ?: ?[23]");
    work.memoryIsShared(a1, b1, pub2);
    work.deploys(a1, List.of(pub1, pub2, a1, b1));
  }

  @Test
  void aHostWhoseCableIsPulledIsBackSoonAfterItIsPluggedIn() throws Exception {
    var pub1 = lab.host("pub1");
    var a1 = lab.host("a1");
    lab.start(pub1, "--no-dht");
    lab.start(a1, "--no-dht", "--no-mdns");
    a1.run("p2p", "connect", "203.0.113.10:7677").succeeded();
    assertThat(Lab.natlab("cut", "--unplug", "a1")).isZero();
    // Neither side waits for the 30 s of silence that end a connection: a1 sees it at once.
    await().atMost(SOON).until(() -> a1.connected().isEmpty());
    assertThat(Lab.natlab("heal", "a1")).isZero();
    await().atMost(Duration.ofSeconds(20)).until(() -> a1.connected().contains("pub1"));
    a1.run("p2p", "ping", "pub1", "-c", "1").succeeded();
    pub1.run("p2p", "ping", "a1", "-c", "1").succeeded();
  }

  @Test
  void aHostThatGetsAnotherAddressIsBackAndItsPeersKnowTheNewOne() throws Exception {
    var pub1 = lab.host("pub1");
    var a1 = lab.host("a1");
    var a2 = lab.host("a2");
    lab.start(pub1, "--no-dht");
    lab.start(a2, "--no-dht", "--no-mdns");
    lab.start(a1, "--no-dht", "--no-mdns");
    a1.run("p2p", "connect", "203.0.113.10:7677").succeeded();
    a2.run("p2p", "connect", "192.168.1.11:7677").succeeded();
    for (var words :
        List.of(
            "addr flush dev eth0 scope global",
            "addr add 192.168.1.77/24 dev eth0",
            "route replace default via 192.168.1.1")) {
      var command = new ArrayList<>(List.of("exec", "a1", "ip"));
      command.addAll(List.of(words.split(" ")));
      assertThat(Lab.natlab(command.toArray(String[]::new))).as(words).isZero();
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> pub1.run("p2p", "ping", "a1", "-c", "1").exit() == 0);
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> a2.run("p2p", "peers", "--json").out().contains("192.168.1.77"));
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> a2.run("p2p", "ping", "a1", "-c", "1").exit() == 0);
  }
}
