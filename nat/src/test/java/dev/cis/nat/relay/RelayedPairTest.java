package dev.cis.nat.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import dev.cis.nat.AnchorConfig;
import dev.cis.nat.Datagrams;
import dev.cis.nat.proto.RealmLimits;
import dev.cis.nat.proto.RelayLimits;
import dev.cis.nat.proto.RelayMessage;
import dev.cis.nat.proto.RelayRealm;
import dev.cis.nat.proto.RelayTable;
import dev.cis.nat.punch.HolePunching;
import dev.cis.transport.Admission;
import dev.cis.transport.Link;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.PeerLink;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.quic.QuicSwarm;
import dev.cis.transport.quic.Routes;
import dev.cis.transport.realm.AccessConfig;
import dev.cis.transport.realm.Realms;
import dev.cis.transport.realm.Role;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.assertj.core.groups.Tuple;
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

    Side(Datagrams datagrams, KeyPair key, Admission admission) {
      this.datagrams = datagrams;
      this.swarm =
          QuicSwarm.open(
              key,
              TransportConfig.DEFAULT.withListen(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
              StoredPeerBook.inMemory(),
              new PeerDescription("", new TreeMap<>(), List.of(), List.of()),
              admission,
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
    var side =
        new Side(
            Datagrams.ofAnchor(AnchorConfig.DEFAULT, Uptime.CLOCK),
            KeyPair.generate(random),
            Admission.OPEN);
    var _ = relay(side, Admission.OPEN, config);
    return side;
  }

  private RelayService relay(Side side, Admission admission, RelayConfig config) {
    var relay =
        RelayService.start(side.swarm, admission::home, config, side.datagrams, Uptime.CLOCK);
    opened.add(relay);
    return relay;
  }

  private Side node() {
    return node(KeyPair.generate(random), Admission.OPEN);
  }

  private static Realms realms(KeyPair key, Admission.Strangers strangers) {
    var access = new AccessConfig(List.of(), List.of(), true, strangers);
    return Realms.inMemory(key, access, () -> Uptime.CLOCK.now().wall());
  }

  /** A node that is in a realm of its own and in no other. */
  private Side stranger() {
    var key = KeyPair.generate(random);
    var realms = realms(key, Admission.Strangers.REFUSED);
    var _ = realms.create("elsewhere");
    return node(key, realms);
  }

  private Side member(Realms of) {
    var key = KeyPair.generate(random);
    var realms = realms(key, Admission.Strangers.REFUSED);
    var _ = realms.join(of.invite("", Role.MEMBER, Duration.ofDays(1), List.of()), true);
    return node(key, realms);
  }

  private Side node(KeyPair key, Admission admission) {
    return new Side(Datagrams.ofNode(Uptime.CLOCK), key, admission);
  }

  /** What the relay answers on a stream of its own, which stays open. */
  private RelayMessage asks(Side side, Side anchor, RelayMessage question) {
    return asks(asking(side, anchor), question);
  }

  private Stream asking(Side side, Side anchor) {
    var _ = side.swarm.connect(anchor.swarm.localAddresses().getFirst(), LONG);
    var stream = side.swarm.openSystem(anchor.id(), RelayService.PROTOCOL, LONG);
    opened.add(stream);
    return stream;
  }

  private static RelayMessage asks(Stream stream, RelayMessage question) {
    stream.send(RelayMessage.CODEC.encode(question));
    return RelayMessage.CODEC.decode(
        Objects.requireNonNull(stream.receive(RelayMessage.MAX_BYTES)));
  }

  private void punches(Side side, RelayClient relays) {
    opened.add(HolePunching.start(side.swarm, side.datagrams, relays, Uptime.CLOCK));
  }

  @Test
  void whoMeetsARelayAgainAsksForItsPlaceAtOnceAndDoesNotRestFirst() {
    var anchor = anchor(RelayConfig.DEFAULT);
    var node = node();
    var at = anchor.swarm.localAddresses().getFirst();
    var _ = node.swarm.connect(at, LONG);
    var client =
        RelayClient.start(
            node.swarm,
            node.datagrams.routes(),
            RelayClient.RELAYS,
            Duration.ofHours(1),
            node.told::add);
    opened.add(client);
    await().atMost(LONG).until(() -> client.relays().equals(List.of(anchor.id())));
    for (int i = 0; i < 3; i++) {
      assertThat(anchor.swarm.hangUp(node.id(), "as if it had been started again")).isTrue();
      await().atMost(LONG).until(() -> client.relays().isEmpty());
      var _ = node.swarm.connect(at, LONG);
      await().atMost(LONG).until(() -> client.relays().equals(List.of(anchor.id())));
    }
    assertThat(node.swarm.links(Link.DIRECT, 5)).extracting(PeerLink::peer).contains(anchor.id());
    assertThat(node.swarm.links(Link.DIRECT, 0)).isEmpty();
    assertThat(node.swarm.links(Link.RELAY, 5)).isEmpty();
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
  void strangersAtTheirLimitAreToldSoWhileMembersAreServed() {
    var key = KeyPair.generate(random);
    var realms = realms(key, Admission.Strangers.SERVED);
    var _ = realms.create("lab");
    var anchor = new Side(Datagrams.ofAnchor(AnchorConfig.DEFAULT, Uptime.CLOCK), key, realms);
    var all = RelayLimits.DEFAULT;
    var relay =
        relay(
            anchor,
            realms,
            new RelayConfig(true, true, all.with(new RealmLimits(false, 1, 1, 0, 0))));

    var first = stranger();
    first.uses(anchor);
    var late = stranger();
    var refused = asks(late, anchor, RelayMessage.reserve());
    assertThat(refused.kind()).isEqualTo(RelayMessage.Kind.REFUSED);
    assertThat(refused.reason())
        .isEqualTo(
            "no more reservations of strangers than 1 here (relay.max_reservations_per_realm)");
    assertThat(asks(late, anchor, RelayMessage.connect(first.id())).kind())
        .isEqualTo(RelayMessage.Kind.CONNECTED);
    assertThat(asks(stranger(), anchor, RelayMessage.connect(first.id())).reason())
        .isEqualTo("no more circuits of strangers than 1 here (relay.max_circuits_per_realm)");

    var a = member(realms);
    var b = member(realms);
    a.uses(anchor);
    b.uses(anchor);
    assertThat(a.swarm.connect(b.id(), LONG).path()).isEqualTo(Link.RELAY);
    assertThat(a.swarm.ping(b.id(), LONG)).isPositive();
    assertThat(relay.look().realms())
        .extracting(RelayTable.RealmUse::realm, RelayTable.RealmUse::reservations)
        .containsExactlyInAnyOrder(
            tuple(RelayRealm.STRANGERS, new RelayTable.Use(1, 1, 1)),
            tuple(new RelayRealm(realms.home(), true), new RelayTable.Use(2, 2, 0)));

    first.swarm.close();
    await().atMost(LONG).until(() -> relay.look().reservations().now() == 2);
    late.uses(anchor);
    assertThat(late.told).containsExactly(List.of(anchor.id()));
  }

  @Test
  void whoIsRevokedIsAStrangerWhenItRenews() {
    for (boolean strangers : List.of(true, false)) {
      var key = KeyPair.generate(random);
      var realms = realms(key, Admission.Strangers.SERVED);
      var _ = realms.create("lab");
      var anchor = new Side(Datagrams.ofAnchor(AnchorConfig.DEFAULT, Uptime.CLOCK), key, realms);
      var relay =
          relay(anchor, realms, new RelayConfig(true, strangers, RelayConfig.DEFAULT.limits()));
      var member = member(realms);
      var stream = asking(member, anchor);
      assertThat(asks(stream, RelayMessage.reserve()).kind()).isEqualTo(RelayMessage.Kind.RESERVED);
      assertThat(places(relay)).containsExactly(tuple(new RelayRealm(realms.home(), true), 1L));
      var _ = realms.revoke(realms.home(), member.id(), Duration.ZERO);
      var told = asks(stream, RelayMessage.reserve());
      if (strangers) {
        assertThat(told.kind()).isEqualTo(RelayMessage.Kind.RESERVED);
        assertThat(places(relay)).containsExactly(tuple(RelayRealm.STRANGERS, 1L));
      } else {
        assertThat(told.reason()).isEqualTo("this relay serves members of its realm only");
        await().atMost(LONG).until(() -> places(relay).isEmpty());
      }
    }
  }

  private static List<Tuple> places(RelayService relay) {
    return relay.look().realms().stream()
        .filter(use -> use.reservations().now() > 0)
        .map(use -> tuple(use.realm(), use.reservations().now()))
        .toList();
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
