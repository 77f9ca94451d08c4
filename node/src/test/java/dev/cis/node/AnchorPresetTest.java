package dev.cis.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.dht.Routing;
import dev.cis.transport.Admission;
import dev.cis.transport.StoredPeerBook;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnchorPresetTest {
  @TempDir Path directory;

  private Settings read(Map<String, String> options) {
    return Settings.read(directory.resolve("config.toml"), Map.of(), options);
  }

  @Test
  void anAnchorServesStrangersAndHasRoomForTenThousand() {
    var config = read(Map.of("p2p.anchor", "true")).config();
    assertThat(config.access().strangers()).isEqualTo(Admission.Strangers.SERVED);
    assertThat(config.dht().mode()).isEqualTo(Routing.Mode.SERVER);
    assertThat(config.discovery().mdns()).isFalse();
    assertThat(config.transport().limits().connections().lowWater()).isGreaterThanOrEqualTo(10_000);
    assertThat(Node.description(config, config.labels(), List.of(), List.of()).roles())
        .containsExactly("anchor");
  }

  /**
   * Each has a connection, a place at the relay, two records in the DHT of the anchors, and two
   * peers to whom no direct path leads.
   */
  @Test
  void noLimitOfAnAnchorStopsTenThousandStrangersInAsManyNetworks() {
    var config = read(Map.of("p2p.anchor", "true")).config();
    int nodes = 10_000;
    assertThat(config.transport().limits().connections().lowWater()).isGreaterThanOrEqualTo(nodes);
    assertThat(config.transport().limits().connections().maxConnections())
        .isLessThan(StoredPeerBook.MAX_PEERS);
    assertThat(config.relay().limits().reservationsPerRealm()).isGreaterThanOrEqualTo(nodes);
    assertThat(config.relay().limits().circuitsPerRealm()).isGreaterThanOrEqualTo(2 * nodes);
    assertThat(config.dht().records().keptRecords()).isGreaterThanOrEqualTo(2 * nodes);
    int largest = 2 * 1_500; // a provision with a record of eight addresses, twice what is usual
    assertThat(config.dht().records().keptBytes()).isGreaterThanOrEqualTo(largest * nodes);
  }

  /** With 2,048 of 3,000 nodes that came back at once, half were not there after minutes. */
  @Test
  void anAnchorBeginsNoMoreHandshakesThanItEndsBeforeThoseWhoDialGiveUp() {
    var config = read(Map.of("p2p.anchor", "true")).config();
    var slow = Duration.ofMillis(20); // for each, on part of a processor that others use as well
    var all = slow.multipliedBy(config.transport().limits().sources().maxHandshakes());
    var patience = read(Map.of()).config().transport().dialling().dialTimeout();
    assertThat(all.multipliedBy(10)).isLessThan(patience.multipliedBy(6));
    assertThat(config.transport().limits().sources().busyHandshakes())
        .isLessThan(config.transport().limits().sources().maxHandshakes());
    assertThat(config.transport().limits().sources().maxHandshakesPerNetwork())
        .isLessThanOrEqualTo(config.transport().limits().sources().maxHandshakes() / 4);
  }

  @Test
  void whatIsSaidWinsOverThePreset() throws IOException {
    Files.writeString(
        directory.resolve("config.toml"),
        """
        [p2p]
        anchor = true
        enable_mdns = true
        [access]
        strangers = "refused"
        """);
    var config = read(Map.of("transport.low-water", "100")).config();
    assertThat(config.access().strangers()).isEqualTo(Admission.Strangers.REFUSED);
    assertThat(config.discovery().mdns()).isTrue();
    assertThat(config.transport().limits().connections().lowWater()).isEqualTo(100);
    assertThat(config.transport().limits().connections().maxConnections()).isEqualTo(12_000);
  }

  @Test
  void othersAreNotTouchedAndThePresetIsNamedAsTheOrigin() {
    assertThat(read(Map.of()).config().transport().limits().connections().maxConnections())
        .isEqualTo(1_024);
    assertThat(read(Map.of("p2p.anchor", "false")).config().access().strangers())
        .isEqualTo(Admission.Strangers.REFUSED);
    assertThat(read(Map.of("p2p.anchor", "true")).effective())
        .filteredOn(setting -> setting.origin().equals("preset of p2p.anchor"))
        .extracting(Settings.Effective::key)
        .containsExactlyInAnyOrderElementsOf(AnchorPreset.VALUES.keySet());
  }

  @Test
  void theGuideNamesEverySettingOfThePreset() throws IOException {
    var page =
        Files.readString(Path.of(System.getProperty("cis.root", ".."), "docs/operating/anchor.md"));
    AnchorPreset.VALUES.forEach((key, value) -> {
      var last = key.substring(key.lastIndexOf('.') + 1);
      assertThat(page).contains(last.replaceFirst("^max_connections(?=_per_s)", ""));
      assertThat(page).contains(value.replaceFirst("(\\d)([KMG]iB)", "$1 $2"));
    });
  }
}
