package dev.cis.nat.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RoutingTableTest {
  private static final String HEAD =
      "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT";

  @Test
  void eachInterfaceHasTheDefaultRouterOfTheBestMetric() {
    var found =
        RoutingTable.defaults(
            List.of(
                HEAD,
                "eth0\t00000000\t0105A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0",
                "eth0\t00000000\t0205A8C0\t0003\t0\t0\t50\t00000000\t0\t0\t0",
                "wlan0 00000000 0106A8C0 0003 0 0 600 00000000 0 0 0",
                "eth0 0005A8C0 00000000 0001 0 0 0 00FFFFFF 0 0 0",
                "ppp0 00000000 00000000 0001 0 0 0 00000000 0 0 0"));
    assertThat(found)
        .isEqualTo(
            Map.of(
                "eth0", InetAddress.ofLiteral("192.168.5.2"),
                "wlan0", InetAddress.ofLiteral("192.168.6.1")));
  }

  @Test
  void linesThatAreNoneAreSkipped() {
    var found =
        RoutingTable.defaults(
            List.of(
                "",
                "eth0",
                "eth0 00000000 xyz 0003 0 0 0 00000000 0 0 0",
                "eth0 00000000 0105A8C0 zz 0 0 0 00000000 0 0 0",
                "eth0 00000000 0105A8C0 0003 0 0 many 00000000 0 0 0"));
    assertThat(found).isEmpty();
  }
}
