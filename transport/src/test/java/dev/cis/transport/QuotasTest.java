package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuotasTest {
  private static final TransportConfig CONFIG =
      TransportConfig.DEFAULT.with(Limits.DEFAULT.with(new SourceLimits(2, 3, 4, 5, 6, 8, 4)));

  private static final InetAddress OTHER = InetAddress.ofLiteral("198.51.103.1");

  private final Quotas quotas = new Quotas(CONFIG);
  private final List<Quotas.Guest> guests = new ArrayList<>();

  private void enter(String from) {
    var guest = quotas.enter(InetAddress.ofLiteral(from));
    guest.identified();
    guests.add(guest);
  }

  private void assertFull(String from, String key) {
    assertThat(quotas.mustProve(InetAddress.ofLiteral(from))).isTrue();
    assertThatThrownBy(() -> enter(from))
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).isEqualTo(TransportCode.BUSY))
        .hasMessageContaining("transport." + key)
        .hasMessageContaining("is reached");
    assertThat(reading(key).refused()).isPositive();
  }

  private Usage.Reading reading(String key) {
    return quotas.usage().readings().stream()
        .filter(reading -> reading.key().equals("transport." + key))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void anIpv4AddressAndItsNetworkAreLimited() {
    enter("203.0.113.1");
    enter("203.0.113.1");
    assertFull("203.0.113.1", "max_connections_per_ip");
    enter("203.0.113.2");
    assertFull("203.0.113.3", "max_connections_per_subnet");
    enter("203.0.114.3");
    assertThat(reading("max_connections_per_ip").busiest()).isEqualTo("203.0.113.1");
    assertThat(reading("max_connections_per_subnet").busiest()).isEqualTo("203.0.113.0/24");
    assertThat(reading("max_connections_per_subnet").used()).isEqualTo(3);
  }

  @Test
  void anIpv6AddressIsItsNetwork() {
    enter("2001:db8:1:1::1");
    enter("2001:db8:1:1:ffff::2");
    assertFull("2001:db8:1:1::3", "max_connections_per_ip");
    enter("2001:db8:1:2::1");
    assertFull("2001:db8:1:ff::1", "max_connections_per_subnet");
    enter("2001:db8:1:100::1");
    assertFull("2001:db8:1:200::1", "max_connections_per_site");
    enter("2001:db8:2:200::1");
    assertThat(reading("max_connections_per_site").busiest()).isEqualTo("2001:0db8:0001::/48");
  }

  @Test
  void privateAddressesHaveALimitOfTheirOwn() {
    for (var from :
        List.of("127.0.0.1", "10.1.2.3", "192.168.1.1", "100.64.0.1", "::1", "fd00::1")) {
      for (int i = 0; i < 5; i++) {
        enter(from);
      }
      assertFull(from, "max_connections_per_private_ip");
    }
    assertThat(reading("max_connections_per_subnet").used()).isZero();
  }

  @Test
  void byDefaultAThousandNodesMeetOnOneMachine() {
    var lab = new Quotas(TransportConfig.DEFAULT);
    for (int i = 0; i < 1_000; i++) {
      lab.enter(InetAddress.getLoopbackAddress()).identified();
    }
    assertThat(lab.mustProve(InetAddress.getLoopbackAddress())).isFalse();
  }

  @Test
  void proofIsWantedWhenManyShakeHandsAndMoreAreRefused() {
    for (int i = 0; i < 6; i++) {
      assertThat(quotas.mustProve(InetAddress.ofLiteral("198.51.100.1"))).isFalse();
      guests.add(quotas.enter(InetAddress.ofLiteral("198.51." + i + ".1")));
    }
    assertThat(quotas.mustProve(InetAddress.ofLiteral("198.51.100.1"))).isTrue();
    guests.add(quotas.enter(InetAddress.ofLiteral("198.51.101.1")));
    guests.add(quotas.enter(InetAddress.ofLiteral("198.51.102.1")));
    assertFull("198.51.103.1", "max_handshakes");
    assertThat(quotas.isOverrun(OTHER)).isFalse();
    guests.getFirst().identified();
    guests.getFirst().identified();
    enter("198.51.103.1");
    assertThat(reading("max_handshakes").used()).isEqualTo(7);
  }

  @Test
  void aFloodIsNotAnsweredInWords() {
    for (int i = 0; i < 8; i++) {
      guests.add(quotas.enter(InetAddress.ofLiteral("198.51." + i + ".1")));
    }
    for (int i = 0; i < 5_000 && !quotas.isOverrun(OTHER); i++) {
      assertFull("198.51.103.1", "max_handshakes");
    }
    assertThat(quotas.isOverrun(OTHER)).isTrue();
    guests.getFirst().left();
    assertThat(quotas.isOverrun(OTHER)).isFalse();
  }

  /** Else one who begins handshakes and never ends them would lock out the rest of the world. */
  @Test
  void aNetworkHasItsShareOfTheHandshakesAndTheRestIsForOthers() {
    var limits = new SourceLimits(100, 100, 100, 100, 64, 16, 8);
    for (var from : List.of("203.0.113.%d", "2001:db8:1:%d::1")) {
      var door = new Quotas(TransportConfig.DEFAULT.with(Limits.DEFAULT.with(limits)));
      var begun = new ArrayList<Quotas.Guest>();
      for (int i = 0; i < 8; i++) {
        var attacker = InetAddress.ofLiteral(from.formatted(i));
        assertThat(door.mustProve(attacker)).as("proof of %s", attacker).isEqualTo(i >= 2);
        begun.add(door.enter(attacker));
      }
      var ninth = InetAddress.ofLiteral(from.formatted(8));
      for (int i = 0; i < 5_000 && !door.isOverrun(ninth); i++) {
        assertThat(door.mustProve(ninth)).isTrue();
        assertThatThrownBy(() -> door.enter(ninth))
            .hasMessageContaining("transport.max_handshakes_per_network = 8 is reached");
      }
      assertThat(door.isOverrun(ninth)).isTrue();
      assertThat(door.isOverrun(OTHER)).isFalse();
      assertThat(door.mustProve(OTHER)).isFalse();
      door.enter(OTHER).identified();
      for (int i = 0; i < 8; i++) {
        begun.add(door.enter(InetAddress.getLoopbackAddress()));
      }
      begun.getFirst().identified();
      door.enter(ninth).left();
      begun.getLast().left();
      door.enter(ninth).left();
    }
  }

  @Test
  void whenAllHaveLeftNothingIsUsed() {
    enter("203.0.113.1");
    enter("2001:db8:1:1::1");
    enter("127.0.0.1");
    guests.add(quotas.enter(InetAddress.ofLiteral("203.0.113.1")));
    guests.forEach(Quotas.Guest::left);
    guests.forEach(Quotas.Guest::left);
    assertThat(quotas.usage().readings())
        .filteredOn(reading -> !reading.key().equals("transport.reserved_files"))
        .allSatisfy(reading -> assertThat(reading.used()).as(reading.name()).isZero());
    assertThat(reading("max_connections_per_ip").peak()).isEqualTo(2);
    enter("203.0.113.1");
    enter("203.0.113.1");
  }

  @Test
  void aRoomCountsALimitOfItsOwn() {
    var uploads = quotas.usage().gauge("uploads", "blobs.max_serving", "transfers", 2);
    assertThat(uploads.tryTake(2)).isTrue();
    assertThat(uploads.tryTake(1)).isFalse();
    assertThat(uploads.fault("somebody")).hasMessage("blobs.max_serving = 2 is reached (uploads)");
    uploads.give(2);
    assertThat(quotas.usage().readings())
        .contains(new Usage.Reading("uploads", "blobs.max_serving", "transfers", 2, 0, 2, 1, ""));
    quotas.usage().remove(uploads);
    assertThat(quotas.usage().readings()).noneMatch(r -> r.key().startsWith("blobs."));
  }

  @Test
  void everyKeyIsASettingOfTheConfiguration() {
    var keys = new ArrayList<String>();
    collect(TransportConfig.class, keys);
    assertThat(quotas.usage().readings())
        .allSatisfy(reading -> assertThat(keys).contains(reading.key()));
  }

  private static void collect(Class<?> type, List<String> into) {
    for (var component : type.getRecordComponents()) {
      if (component.getType().isRecord()) {
        collect(component.getType(), into);
      } else {
        var snake = component.getName().replaceAll("([a-z0-9])([A-Z])", "$1_$2");
        into.add("transport." + snake.toLowerCase(java.util.Locale.ROOT));
      }
    }
  }
}
