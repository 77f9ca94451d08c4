package dev.cis.nat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.time.Uptime;
import dev.cis.nat.proto.StunTransactions.Schedule;
import dev.cis.transport.Admission;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.quic.QuicSwarm;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Questions to anchors over real sockets: where from, and what time it is. */
@Timeout(120)
class StunClientTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final SecureRandom random = new SecureRandom();
  private final List<AutoCloseable> opened = new ArrayList<>();

  private Swarm swarm(Datagrams datagrams) {
    return swarm(datagrams, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  private Swarm swarm(Datagrams datagrams, InetSocketAddress... listen) {
    var swarm =
        QuicSwarm.open(
            KeyPair.generate(random),
            TransportConfig.DEFAULT.withListen(listen),
            StoredPeerBook.inMemory(),
            new PeerDescription("", new TreeMap<>(), List.of(), List.of()),
            Admission.OPEN,
            datagrams);
    opened.add(swarm);
    return swarm;
  }

  @AfterEach
  void closeAll() throws Exception {
    for (var each : opened.reversed()) {
      each.close();
    }
  }

  private static InetSocketAddress socket(Swarm swarm) {
    return socket(swarm, 0);
  }

  private static InetSocketAddress socket(Swarm swarm, int which) {
    var local = swarm.localAddresses().get(which);
    return new InetSocketAddress(InetAddress.ofLiteral(local.host()), local.port());
  }

  @Test
  void anAnchorTellsTheAddressOfTheSocketThatCarriesQuic() {
    var anchor = swarm(Datagrams.ofAnchor(AnchorConfig.DEFAULT, Uptime.CLOCK));
    var datagrams = Datagrams.ofNode(Uptime.CLOCK);
    var node = swarm(datagrams);
    var found =
        StunClient.of(datagrams, Uptime.CLOCK).discover(List.of(socket(anchor)), Schedule.BRISK);
    assertThat(found.servers().getFirst().mapped()).contains(Endpoints.of(socket(node)));
    assertThat(found.translated()).contains(false);
    assertThat(found.filtering().why()).isEqualTo("needs a server with two addresses");
  }

  @Test
  void eachFamilyOfAddressesIsAskedByASocketOfItsOwn() throws Exception {
    var six = Inet6Address.ofLiteral("::1");
    Assumptions.assumeTrue(NetworkInterface.getByInetAddress(six) != null, "no IPv6 here");
    var four = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    var both = new InetSocketAddress[] {four, new InetSocketAddress(six, 0)};
    var anchor = swarm(Datagrams.ofAnchor(AnchorConfig.DEFAULT, Uptime.CLOCK), both);
    var datagrams = Datagrams.ofNode(Uptime.CLOCK);
    var node = swarm(datagrams, both);
    for (int i = 0; i < both.length; i++) {
      var found =
          StunClient.of(datagrams, Uptime.CLOCK)
              .discover(List.of(socket(anchor, i)), Schedule.BRISK);
      assertThat(found.servers().getFirst().mapped()).contains(Endpoints.of(socket(node, i)));
      assertThat(found.translated()).contains(false);
    }
  }

  @Test
  void withoutANodeASocketOfItsOwnIsUsed() {
    var anchor = swarm(Datagrams.ofAnchor(AnchorConfig.DEFAULT, Uptime.CLOCK));
    var found = StunClient.alone(Uptime.CLOCK).discover(List.of(socket(anchor)), Schedule.BRISK);
    assertThat(found.translated()).contains(false);
  }

  @Test
  void whoeverIsNoAnchorDoesNotAnswer() {
    var node = swarm(Datagrams.ofNode(Uptime.CLOCK));
    var found =
        StunClient.alone(Uptime.CLOCK)
            .discover(List.of(socket(node)), new Schedule(Duration.ofMillis(100), 2, 2));
    assertThat(found.answered()).isFalse();
  }

  @Test
  void anAnchorTellsTheTime() {
    var anchor = swarm(Datagrams.ofNode(Uptime.CLOCK));
    var node = swarm(Datagrams.ofNode(Uptime.CLOCK));
    var hour = Duration.ofHours(1);
    Supplier<Now> ahead =
        () -> {
          var now = Uptime.CLOCK.now();
          return new Now(now.uptime(), now.wall().plus(hour));
        };
    var self = anchor.self();
    var _ = node.connect(anchor.localAddresses().getFirst(), LONG);
    assertThatThrownBy(() -> AnchorClock.ask(node, self, Uptime.CLOCK, LONG))
        .isInstanceOf(Fault.class)
        .hasMessageContaining("/cis/sys/clock");
    try (var _ = AnchorClock.serve(anchor, ahead)) {
      var skew = AnchorClock.ask(node, self, Uptime.CLOCK, LONG);
      // To the millisecond in which the answer was written, and half of what it took.
      assertThat(skew.ahead().minus(hour).abs()).isLessThanOrEqualTo(skew.error().plusMillis(2));
    }
  }
}
