package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressScopeTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.1.2.3", "172.16.0.1", "172.31.9.9", "192.168.1.100", "127.0.0.1", "169.254.1.1",
        "100.64.0.1", "100.127.3.4", "::1", "fe80::1", "fd00::5", "fc12::1"
      })
  void addressesOfTheNeighbourhoodArePrivate(String host) {
    assertThat(new Address(host, 7677).isPrivate()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "8.8.8.8",
        "172.32.0.1",
        "192.169.0.1",
        "100.128.0.1",
        "100.63.0.1",
        "2001:db8::1",
        "lab.example"
      })
  void addressesOfTheInternetAndNamesAreNotPrivate(String host) {
    assertThat(new Address(host, 7677).isPrivate()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "203.0.113.7, cb0071",
    "203.0.113.200, cb0071",
    "2001:db8:1:20ff::9, 20010db8000120",
    "Lab.Example, lab.example"
  })
  void aSubnetIsWhatOneOperatorLikelyOwns(String host, String subnet) {
    assertThat(new Address(host, 7677).subnet()).isEqualTo(subnet);
  }

  @Test
  void aZoneStaysOnlyWhereItMeansSomething() throws Exception {
    var unique = java.net.Inet6Address.getByAddress(null, bytes("fd00::2"), 3);
    var link = java.net.Inet6Address.getByAddress(null, bytes("fe80::2"), 3);
    assertThat(Address.of(unique, 7677).host()).isEqualTo("fd00:0:0:0:0:0:0:2");
    assertThat(Address.of(link, 7677).host()).isEqualTo("fe80:0:0:0:0:0:0:2%3");
  }

  private static byte[] bytes(String literal) throws java.net.UnknownHostException {
    return java.net.InetAddress.getByName(literal).getAddress();
  }
}
