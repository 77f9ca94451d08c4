package dev.cis.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import javax.jmdns.ServiceInfo;
import org.junit.jupiter.api.Test;

/** What is taken from a LAN on which anybody may say anything. */
class LanAnnouncementTest {
  private static final NodeId NODE = KeyPair.generate(new SplittableRandom(7)).nodeId();

  private static InetAddress ip(String text) {
    return InetAddress.ofLiteral(text);
  }

  private static InetAddress[] ips(String... texts) {
    return List.of(texts).stream().map(LanAnnouncementTest::ip).toArray(InetAddress[]::new);
  }

  @Test
  void whatWeAnnounceIsReadAndTellsNothingElse() {
    var own = LanAnnouncement.own(NODE, ip("192.0.2.1"), 7677);
    assertThat(own.getName()).startsWith(NODE + "-").hasSizeLessThanOrEqualTo(63);
    assertThat(own.getPropertyString("id")).isEqualTo(NODE.toString());
    assertThat(own.getPropertyString("v")).isEqualTo("1");
    assertThat(java.util.Collections.list(own.getPropertyNames()))
        .containsExactlyInAnyOrder("id", "v");
    assertThat(LanAnnouncement.host(NODE, ip("fe80::1"), 65_535)).hasSizeLessThanOrEqualTo(63);
    assertThat(LanAnnouncement.own(NODE, ip("fe80::1"), 7677).getName())
        .as("no two addresses share a name")
        .isNotEqualTo(own.getName());
  }

  @Test
  void aGoodInstanceIsReadWithItsAddresses() {
    var read =
        LanAnnouncement.read(NODE.toString(), "1", 7677, ips("192.0.2.7", "2001:db8::7"), null);
    assertThat(read)
        .contains(
            new LanAnnouncement(
                NODE,
                List.of(
                    new Address("192.0.2.7", 7677), new Address("2001:db8:0:0:0:0:0:7", 7677))));
  }

  @Test
  void garbageInTheTextRecordsIsIgnored() {
    var good = ips("192.0.2.7");
    var text = NODE.toString();
    for (var id :
        List.of(
            "",
            "x",
            text + "a",
            text.substring(1),
            text.toUpperCase(java.util.Locale.ROOT),
            "9".repeat(52),
            "a".repeat(51) + "b",
            "\u0000".repeat(52))) {
      assertThat(LanAnnouncement.read(id, "1", 7677, good, null)).as(id).isEmpty();
    }
    assertThat(LanAnnouncement.read(text, "2", 7677, good, null)).isEmpty();
    assertThat(LanAnnouncement.read(text, "", 7677, good, null)).isEmpty();
    for (int port : List.of(-1, 0, 65_536, Integer.MAX_VALUE)) {
      assertThat(LanAnnouncement.read(text, "1", port, good, null)).isEmpty();
    }
    assertThat(LanAnnouncement.read(text, "1", 7677, ips(), null)).isEmpty();
    var useless = ips("0.0.0.0", "224.0.0.251", "ff02::fb", "::");
    assertThat(LanAnnouncement.read(text, "1", 7677, useless, null)).isEmpty();
  }

  @Test
  void hugeAndBinaryTextRecordsAreIgnored() throws UnknownHostException {
    var random = new SplittableRandom(8);
    for (int i = 0; i < 2_000; i++) {
      byte[] text = new byte[random.nextInt(300)];
      random.nextBytes(text);
      var info = ServiceInfo.create(LanAnnouncement.TYPE, "x", 7677, 0, 0, text);
      assertThat(LanAnnouncement.read(info, null)).isEmpty();
    }
    var long1 = java.util.Map.of("id", "a".repeat(200), "v", "1");
    var info = ServiceInfo.create(LanAnnouncement.TYPE, "x", 7677, 0, 0, long1);
    assertThat(LanAnnouncement.read(info, null)).isEmpty();
  }

  @Test
  void ofAFloodOfAddressesAndNodesSoManyAreKept() {
    var many = new ArrayList<String>();
    for (int i = 0; i < 200; i++) {
      many.add("10.0.0." + i);
    }
    var read =
        LanAnnouncement.read(NODE.toString(), "1", 1, ips(many.toArray(String[]::new)), null);
    assertThat(read.orElseThrow().addresses()).hasSize(16);

    var heard = new ArrayList<NodeId>();
    var gone = new ArrayList<NodeId>();
    var sightings =
        new LanSightings(
            NODE,
            new LanSightings.Ear() {
              @Override
              public void resolved(NodeId node, List<Address> addresses) {
                heard.add(node);
              }

              @Override
              public void gone(NodeId node) {
                gone.add(node);
              }
            });
    var random = new SplittableRandom(9);
    var by = ip("10.0.0.1");
    for (int i = 0; i < 5_000; i++) {
      var id = new byte[NodeId.BYTES];
      random.nextBytes(id);
      var said = new LanAnnouncement(NodeId.of(id), List.of(new Address("10.0.0.9", 1)));
      sightings.seen(by, "instance " + i, said);
    }
    assertThat(sightings.size()).isEqualTo(1_024);
    sightings.deaf(by);
    assertThat(gone).containsExactlyInAnyOrderElementsOf(heard);
  }

  @Test
  void aNodeIsThereWithItsFirstInstanceAndGoneWithItsLast() {
    var events = new ArrayList<String>();
    var other = KeyPair.generate(new SplittableRandom(10)).nodeId();
    var sightings =
        new LanSightings(
            NODE,
            new LanSightings.Ear() {
              @Override
              public void resolved(NodeId node, List<Address> addresses) {
                events.add("up " + addresses.size());
              }

              @Override
              public void gone(NodeId node) {
                events.add("gone");
              }
            });
    var v4 = new LanAnnouncement(other, List.of(new Address("10.0.0.2", 1)));
    var v6 = new LanAnnouncement(other, List.of(new Address("fe80::2", 1)));
    sightings.seen(ip("10.0.0.1"), "a", v4);
    sightings.seen(ip("10.0.0.1"), "a", v4);
    sightings.seen(ip("fe80::1"), "b", v6);
    sightings.seen(ip("fe80::1"), "self", new LanAnnouncement(NODE, v4.addresses()));
    sightings.removed(ip("10.0.0.1"), "a");
    assertThat(events).containsExactly("up 1", "up 2");
    sightings.deaf(ip("fe80::1"));
    assertThat(events).containsExactly("up 1", "up 2", "gone");
  }
}
