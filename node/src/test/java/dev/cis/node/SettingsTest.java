package dev.cis.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.dht.Routing;
import dev.cis.kernel.fault.Fault;
import dev.cis.transport.Address;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
  @TempDir Path directory;

  private Settings read(String toml) throws IOException {
    return read(toml, Map.of(), Map.of());
  }

  private Settings read(String toml, Map<String, String> env, Map<String, String> options)
      throws IOException {
    var file = directory.resolve("config.toml");
    Files.writeString(file, toml);
    return Settings.read(file, env, options);
  }

  @Test
  void aMissingFileGivesTheDefaults() {
    var config = Settings.read(directory.resolve("none.toml"), Map.of(), Map.of()).config();
    assertThat(config.p2p()).isEqualTo(PeerToPeer.DEFAULT);
    assertThat(config.naming()).isEqualTo(Naming.DEFAULT);
    assertThat(config.labels()).isEmpty();
  }

  @Test
  void theShapeThatUsersOfCisHaveIsAccepted() throws IOException {
    var config =
        read("""
        [p2p]
        enabled = true
        listen_port = 7700
        enable_dht = true
        enable_nat_traversal = true
        external_address = "203.0.113.1:7677"

        [p2p.bootstrap]
        nodes = [
            "bootstrap1.cis.dev:7677",
            "bootstrap2.cis.dev:7677",
        ]

        [labels]
        env = "test"
        """)
            .config();
    assertThat(config.p2p().listenPort()).isEqualTo(7700);
    assertThat(config.p2p().externalAddress()).containsExactly(new Address("203.0.113.1", 7677));
    assertThat(config.p2p().bootstrap()).hasSize(2);
    assertThat(config.discovery().bootstrap()).hasSize(2);
    assertThat(config.transport().listen().getFirst().getPort()).isEqualTo(7700);
    assertThat(config.labels()).containsEntry("env", "test");
  }

  @Test
  void optionsComeBeforeEnvironmentBeforeFileBeforeDefaults() throws IOException {
    var toml = "p2p.listen_port = 1\np2p.enable_mdns = false\np2p.dht_mode = \"client\"\n";
    var env = Map.of("CIS_P2P_LISTEN_PORT", "2", "CIS_P2P_DHT_MODE", "server", "CIS_HOME", "/x");
    var config = read(toml, env, Map.of("p2p.listen_port", "3")).config();
    assertThat(config.p2p().listenPort()).isEqualTo(3);
    assertThat(config.p2p().dhtMode()).isEqualTo(Routing.Mode.SERVER);
    assertThat(config.p2p().enableMdns()).isFalse();
    assertThat(config.p2p().enableDht()).isTrue();
  }

  @Test
  void anUnknownKeyIsRefusedWithTheOneThatWasMeant() {
    assertThatThrownBy(() -> read("[p2p]\nlisten_prt = 1\n"))
        .isInstanceOf(Fault.class)
        .hasMessageContaining("config.toml")
        .hasMessageContaining("p2p.listen_prt")
        .hasMessageContaining("did you mean 'p2p.listen_port'");
    assertThatThrownBy(() -> read("", Map.of("CIS_P2P_LISTEN_PROT", "1"), Map.of()))
        .hasMessageContaining("environment variable CIS_P2P_LISTEN_PROT");
  }

  @Test
  void aBadValueIsRefusedWithFileKeyValueAndExpectation() {
    assertThatThrownBy(() -> read("[p2p]\nlisten_port = 99999\n").config())
        .isInstanceOf(Fault.class)
        .hasMessageContaining("config.toml: p2p.listen_port = 99999: expected a UDP port");
    assertThatThrownBy(() -> read("[p2p]\ndht_mode = \"fast\"\n").config())
        .hasMessageContaining("one of client, server, auto, lan");
    assertThatThrownBy(() -> read("[transport]\nidle_timeout = \"soon\"\n").config())
        .hasMessageContaining("transport.idle_timeout = soon: expected a duration");
    assertThatThrownBy(() -> read("[labels]\n\"a b\" = \"c\"\n"))
        .hasMessageContaining("labels.a b");
  }

  @Test
  void valuesThatAreGoodOnlyTogetherAreTakenTogether() throws IOException {
    var toml = "[transport]\nidle_timeout = \"4s\"\nkeep_alive = \"1s\"\n";
    var liveness = read(toml).config().transport().liveness();
    assertThat(liveness.idleTimeout()).isEqualTo(Duration.ofSeconds(4));
    var alone = read("[transport]\nmax_frame = 65536\nidle_timeout = \"4s\"\n");
    assertThatThrownBy(alone::config)
        .hasMessageContaining("transport.idle_timeout = 4s: expected")
        .hasMessageContaining("keep_alive is at most half of idle_timeout");
  }

  @Test
  void whatARelayGivesARealmIsReadAndABadValueIsRefusedByItsKey() throws IOException {
    var toml =
        """
        [relay]
        max_reservations = 100
        max_circuits_per_realm = 7
        realm_rate = "1MiB"
        realm_bytes_per_hour = "10GiB"
        limit_home = true
        """;
    var relay = read(toml).config().relay();
    assertThat(relay.limits().reservationsPerRealm()).as("half").isEqualTo(50);
    assertThat(relay.limits().circuitsPerRealm()).isEqualTo(7);
    assertThat(relay.limits().ratePerRealm()).isEqualTo(1 << 20);
    assertThat(relay.limits().hourPerRealm()).isEqualTo(10L << 30);
    assertThat(relay.limits().realms().limitHome()).isTrue();
    for (var key :
        List.of(
            "max_reservations_per_realm",
            "max_circuits_per_realm",
            "realm_rate",
            "realm_bytes_per_hour")) {
      assertThatThrownBy(() -> read("[relay]\nenabled = true\n" + key + " = -1\n").config())
          .hasMessageContaining("config.toml: relay." + key + " = -1: expected relay." + key)
          .hasMessageContaining("is at least 0");
    }
    assertThatThrownBy(() -> read("[relay]\nmax_circuits = 0\n").config())
        .hasMessageContaining("relay.max_circuits = 0: expected relay.max_circuits is at least 1");
    assertThatThrownBy(() -> read("[relay]\nlease = \"2d\"\n").config())
        .hasMessageContaining("relay.lease = 2d: expected relay.lease is 10 s to 1 d");
  }

  @Test
  void aFileThatIsNoTomlIsRefusedWithLineAndColumn() {
    assertThatThrownBy(() -> read("[p2p\nlisten_port = 1\n"))
        .isInstanceOf(Fault.class)
        .hasMessageContaining("config.toml, line 1")
        .hasMessageContaining("not TOML");
  }

  @Test
  void everyKeyReadsBackItsDefaultAndRefusesAnotherType() throws IOException {
    var seen = new HashSet<String>();
    for (var setting : NodeConfig.settings()) {
      assertThat(seen.add(setting.key())).as(setting.key() + " exists once").isTrue();
      var written = setting.type().write().apply(setting.fallback());
      var settings = read(setting.key() + " = " + written + "\n");
      assertThat(settings.config()).as(setting.key()).isNotNull();
      assertThat(settings.effective())
          .anySatisfy(e -> {
            assertThat(e.key()).isEqualTo(setting.key());
            assertThat(e.value()).isEqualTo(written);
            assertThat(e.origin()).endsWith("config.toml");
          });
      assertThatThrownBy(() -> read("[" + setting.key() + "]\nwrong = 1\n"))
          .as(setting.key() + " is no table")
          .isInstanceOf(Fault.class);
    }
  }

  @Test
  void theReferenceListsEveryKey() throws IOException {
    var page = Path.of(System.getProperty("cis.root", ".."), "docs/reference/configuration.md");
    assertThat(page)
        .as("generate it with ReferencePages.main")
        .hasContent(ReferencePages.configuration());
  }
}
