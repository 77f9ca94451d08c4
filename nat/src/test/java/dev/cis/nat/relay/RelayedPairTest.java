package dev.cis.nat.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import dev.cis.nat.AnchorConfig;
import dev.cis.nat.Datagrams;
import dev.cis.nat.proto.RelayMessage;
import dev.cis.nat.punch.HolePunching;
import dev.cis.transport.Admission;
import dev.cis.transport.Link;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.PeerLink;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.quic.QuicSwarm;
import dev.cis.transport.quic.Routes;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two nodes that know no address of each other, and anchors, over real sockets. */
@Timeout(180)
class RelayedPairTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  private final SecureRandom random = new SecureRandom();
  private final List<AutoCloseable> opened = new ArrayList<>();

  private final class Side {
    final Datagrams datagrams;
    final Swarm swarm;
    final List<List<NodeId>> told = new CopyOnWriteArrayList<>();

    Side(Datagrams datagrams) {
      this.datagrams = datagrams;
      this.swarm =
          QuicSwarm.open(
              KeyPair.generate(random),
              TransportConfig.DEFAULT.withListen(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
              StoredPeerBook.inMemory(),
              new PeerDescription("", new TreeMap<>(), List.of(), List.of()),
              Admission.OPEN,
              datagrams);
      opened.add(swarm);
    }

    NodeId id() {
      return swarm.self();
    }

    PeerLink link(Side other) {
      return swarm.link(other.id()).orElseThrow();
    }

    RelayClient uses(Side... anchors) {
      for (var anchor : anchors) {
        var _ = swarm.connect(anchor.swarm.localAddresses().getFirst(), LONG);
      }
      var client = RelayClient.start(swarm, datagrams.routes(), RelayClient.RELAYS, told::add);
      opened.add(client);
      await().atMost(LONG).until(() -> client.relays().size() == anchors.length);
      return client;
    }
  }

  @AfterEach
  void closeAll() throws Exception {
    for (var each : opened.reversed()) {
      each.close();
    }
  }

  private Side anchor(RelayConfig config) {
    var side = new Side(Datagrams.ofAnchor(AnchorConfig.DEFAULT, Uptime.CLOCK));
    opened.add(RelayService.start(side.swarm, config, side.datagrams, Uptime.CLOCK));
    return side;
  }

  private Side node() {
    return new Side(Datagrams.ofNode(Uptime.CLOCK));
  }

  private void punches(Side side, RelayClient relays) {
    opened.add(HolePunching.start(side.swarm, side.datagrams, relays, Uptime.CLOCK));
  }

  @Test
  void whoHasAPlaceAtARelayIsReachedThroughItAndStaysThereWithoutPunching() {
    var anchor = anchor(RelayConfig.DEFAULT);
    var a = node();
    var b = node();
    a.uses(anchor);
    b.uses(anchor);
    assertThat(b.told).containsExactly(List.of(anchor.id()));
    var link = a.swarm.connect(b.id(), LONG);
    assertThat(link.path()).isEqualTo(Link.RELAY);
    assertThat(a.swarm.ping(b.id(), LONG)).isPositive();
    assertThat(b.swarm.ping(a.id(), LONG)).isPositive();
    assertThat(anchor.swarm.links()).as("the relay is no peer in between").hasSize(2);
  }

  @Test
  void theConnectionMovesToTheDirectPathAsSoonAsBothLook() {
    var anchor = anchor(RelayConfig.DEFAULT);
    var a = node();
    var b = node();
    punches(a, a.uses(anchor));
    punches(b, b.uses(anchor));
    var since = a.swarm.connect(b.id(), LONG).since();
    await().atMost(LONG).until(() -> a.link(b).path().equals(Link.DIRECT));
    await().atMost(LONG).until(() -> b.link(a).path().equals(Link.DIRECT));
    assertThat(a.link(b).remote()).isEqualTo(b.swarm.localAddresses().getFirst());
    assertThat(a.link(b).since()).isEqualTo(since);
    assertThat(a.swarm.ping(b.id(), LONG)).isPositive();
  }

  @Test
  void whenARelayDiesItsCircuitsGoOnThroughTheOther() {
    var first = anchor(RelayConfig.DEFAULT);
    var second = anchor(RelayConfig.DEFAULT);
    var a = node();
    var b = node();
    a.uses(first, second);
    b.uses(first, second);
    var link = a.swarm.connect(b.id(), LONG);
    var by = first.swarm.localAddresses().contains(link.remote()) ? first : second;
    by.swarm.close();
    await().atMost(LONG).until(() -> !a.link(b).remote().equals(link.remote()));
    assertThat(a.swarm.ping(b.id(), LONG)).isPositive();
    assertThat(a.link(b).since()).as("it is the same connection").isEqualTo(link.since());
  }

  @Test
  void whoGivesItsCircuitBackAnswersThroughTheOneOfThePeer() {
    var anchor = anchor(RelayConfig.DEFAULT);
    var a = node();
    var b = node();
    var first = a.uses(anchor);
    var second = b.uses(anchor);
    assertThat(a.swarm.connect(b.id(), LONG).path()).isEqualTo(Link.RELAY);
    await().atMost(LONG).until(() -> second.circuit(a.id()).isPresent());
    var ours = first.circuit(b.id());
    var theirs = second.circuit(a.id());
    // Both hold a circuit to the other, as after each has dialled, and both use the second.
    assertThat(second.find(a.id(), LONG)).isNotEmpty();
    assertThat(b.datagrams.routes().route(a.id())).isNotEqualTo(theirs);
    await().atMost(LONG).until(() -> !a.datagrams.routes().route(b.id()).equals(ours));
    assertThat(a.swarm.disconnect(b.id())).isTrue();
    await().atMost(LONG).until(() -> b.swarm.link(a.id()).isEmpty());
    second.giveBack(a.id());
    await().atMost(LONG).until(() -> b.datagrams.routes().route(a.id()).equals(theirs));
    await().atMost(LONG).until(() -> a.datagrams.routes().route(b.id()).equals(ours));
    // By now a knows where b is; it shall come by its circuit all the same.
    assertThat(a.swarm.connectNow(Routes.address(b.id()), LONG).path()).isEqualTo(Link.RELAY);
    assertThat(a.swarm.ping(b.id(), LONG)).isPositive();
    assertThat(b.swarm.ping(a.id(), LONG)).isPositive();
  }

  @Test
  void whoStopsSaysSoThroughTheRelay() {
    var anchor = anchor(RelayConfig.DEFAULT);
    var a = node();
    var b = node();
    a.uses(anchor);
    var relays = b.uses(anchor);
    var reasons = new CopyOnWriteArrayList<String>();
    opened.add(
        a.swarm.listen(
            new Swarm.PeerListener() {
              @Override
              public void up(PeerLink link) {}

              @Override
              public void down(NodeId node, String reason) {
                reasons.add(reason);
              }
            }));
    assertThat(a.swarm.connect(b.id(), LONG).path()).isEqualTo(Link.RELAY);
    relays.close();
    b.swarm.close();
    await().atMost(LONG).until(() -> !reasons.isEmpty());
    assertThat(reasons.getFirst()).contains("this node is stopping");
  }

  @Test
  void whoHasNoPlaceIsNotReachedAndTheReasonIsSaid() {
    var anchor = anchor(RelayConfig.DEFAULT);
    var a = node();
    var b = node();
    a.uses(anchor);
    var _ = b.swarm.connect(anchor.swarm.localAddresses().getFirst(), LONG);
    assertThatThrownBy(() -> a.swarm.connect(b.id(), LONG))
        .isInstanceOf(Fault.class)
        .hasMessageContaining("no address");
  }

  @Test
  void nonsenseAtARelayEndsTheStreamAndNothingElse() {
    var anchor = anchor(RelayConfig.DEFAULT);
    var a = node();
    var relays = a.uses(anchor);
    for (byte[] bad :
        List.of(
            new byte[] {1, 2, 3},
            RelayMessage.CODEC.encode(RelayMessage.reserved("", 5)),
            new byte[] {8, 3},
            new byte[2_000])) {
      try (var stream = a.swarm.openSystem(anchor.id(), RelayService.PROTOCOL, LONG)) {
        stream.send(bad);
        assertThatThrownBy(
                () -> {
                  byte[] answer = stream.receive(RelayMessage.MAX_BYTES);
                  throw new AssertionError("answered with " + (answer == null ? 0 : answer.length));
                })
            .isInstanceOf(Fault.class);
      }
    }
    assertThat(relays.relays()).containsExactly(anchor.id());
    assertThat(a.swarm.ping(anchor.id(), LONG)).isPositive();
  }
}
