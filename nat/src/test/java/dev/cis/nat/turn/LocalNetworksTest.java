package dev.cis.nat.turn;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class LocalNetworksTest {
  private static final LocalNetworks OURS =
      new LocalNetworks(
          List.of(
              new LocalNetworks.Network(InetAddress.ofLiteral("192.168.7.11"), 24),
              new LocalNetworks.Network(InetAddress.ofLiteral("10.9.8.7"), 31),
              new LocalNetworks.Network(InetAddress.ofLiteral("2001:db8:1::5"), 64)));

  private static boolean isLocal(String address) {
    return OURS.contains(InetAddress.ofLiteral(address));
  }

  @Test
  void neighboursAreReachedWithoutARouterAndTheOthersAreNot() {
    assertThat(isLocal("192.168.7.254")).isTrue();
    assertThat(isLocal("192.168.8.11")).isFalse();
    assertThat(isLocal("10.9.8.6")).isTrue();
    assertThat(isLocal("10.9.8.8")).isFalse();
    assertThat(isLocal("2001:db8:1::abcd")).isTrue();
    assertThat(isLocal("2001:db8:2::abcd")).isFalse();
    assertThat(isLocal("203.0.113.10")).isFalse();
  }

  @Test
  void whatNeverLeavesTheCableIsLocalEverywhere() {
    assertThat(isLocal("127.0.0.1")).isTrue();
    assertThat(isLocal("fe80::1")).isTrue();
    assertThat(isLocal("224.0.0.251")).isTrue();
    assertThat(isLocal("169.254.3.4")).isTrue();
  }

  @Test
  void theInterfacesOfThisMachineAreSeen() {
    assertThat(LocalNetworks.now().networks())
        .anyMatch(network -> network.address().isLoopbackAddress());
  }
}
