package dev.cis.dht;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.dht.proto.DhtMessage;
import dev.cis.dht.proto.DhtMessage.Entry;
import dev.cis.dht.proto.DhtMessage.Outcome;
import dev.cis.dht.proto.Item;
import dev.cis.dht.proto.MutableValue;
import dev.cis.dht.proto.Provision;
import dev.cis.dht.proto.RecordsConfig;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.Admission;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.PeerRecord;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportCode;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.quic.QuicSwarm;
import dev.cis.transport.realm.AccessConfig;
import dev.cis.transport.realm.Realms;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What peers may send over the real wire: it is refused, counted and bounded. */
class HostilePeersTest {
  private static final Duration WITHIN = Duration.ofSeconds(30);
  private static final OptionalLong ANY = OptionalLong.empty();

  @TempDir private Path folder;
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  @AfterEach
  void closeAll() throws Exception {
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
  }

  private Swarm swarm(KeyPair key, Admission admission) {
    var swarm =
        QuicSwarm.open(
            key,
            TransportConfig.DEFAULT.withListen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
            StoredPeerBook.inMemory(),
            new PeerDescription("", new TreeMap<>(), List.of(), List.of()),
            admission);
    opened.push(swarm);
    return swarm;
  }

  private static KeyPair key() {
    return KeyPair.generate(new SecureRandom());
  }

  private Routing serve(KeyPair key, Swarm swarm) {
    var config = DhtConfig.DEFAULT.withMode(Routing.Mode.SERVER);
    var routing = Routing.start(key, swarm, folder.resolve("table"), config);
    opened.push(routing);
    return routing;
  }

  /** A node that serves the DHT, and one that says to it whatever it likes. */
  private final class Siege {
    final KeyPair serverKey = key();
    final Swarm server = swarm(serverKey, Admission.OPEN);
    final Routing routing = serve(serverKey, server);
    final KeyPair key = key();
    final Swarm attacker = swarm(key, Admission.OPEN);

    Siege() {
      connect(attacker);
    }

    void connect(Swarm from) {
      var _ = from.connect(server.localAddresses().getFirst(), WITHIN);
    }

    byte[] ask(Swarm from, byte[] request) {
      return from.ask(server.self(), DhtMessage.PROTOCOL, request, WITHIN).bytes();
    }

    DhtMessage.Response ask(Swarm from, DhtMessage.Request request) {
      return DhtMessage.response(PeerRecord.SIGNED)
          .decode(ask(from, DhtMessage.REQUEST.encode(request)));
    }

    Bytes token(Swarm from) {
      var find = new DhtMessage.Find(server.self(), DhtMessage.What.NODES, true);
      return ask(from, find) instanceof DhtMessage.Nodes nodes ? nodes.token() : Bytes.EMPTY;
    }

    List<Outcome> store(Swarm from, Bytes token, Item... items) {
      var entries = Stream.of(items).map(item -> new Entry(item, ANY)).toList();
      return outcomes(ask(from, new DhtMessage.Store(token, entries)));
    }

    long count(Outcome outcome) {
      return routing.stats().stored().getOrDefault(outcome, 0L);
    }

    void assertServes() {
      assertThat(ask(attacker, new DhtMessage.Ping())).isInstanceOf(DhtMessage.Pong.class);
    }
  }

  private static List<Outcome> outcomes(DhtMessage.Response response) {
    return response instanceof DhtMessage.Stored(var outcomes) ? outcomes : List.of();
  }

  private static Item value(String text) {
    return new Item.Immutable(Bytes.utf8(text));
  }

  private static void refused(ThrowingCallable ask) {
    assertThatThrownBy(ask).isInstanceOf(Fault.class);
  }

  @Test
  void malformedAndOversizedRequestsAreRefusedAndCounted() {
    var siege = new Siege();
    var random = new SecureRandom();
    var garbage = new byte[200];
    random.nextBytes(garbage);
    garbage[0] = (byte) 0xff;
    var whole =
        DhtMessage.REQUEST.encode(
            new DhtMessage.Find(siege.server.self(), DhtMessage.What.NODES, true));
    var cut = java.util.Arrays.copyOf(whole, whole.length - 5);
    for (var bytes : List.of(new byte[0], garbage, cut, new byte[DhtMessage.MAX_REQUEST + 1])) {
      refused(() -> siege.ask(siege.attacker, bytes));
    }
    assertThat(siege.routing.malformed()).isEqualTo(4);
    assertThat(siege.routing.stats().served()).isZero();
    siege.assertServes();
  }

  @Test
  void aTokenOfAnotherOrOfNobodyStoresNothing() {
    var siege = new Siege();
    var other = swarm(key(), Admission.OPEN);
    siege.connect(other);
    var token = siege.token(siege.attacker);
    assertThat(siege.store(other, token, value("a"))).containsExactly(Outcome.BAD_TOKEN);
    assertThat(siege.store(other, Bytes.EMPTY, value("a"))).containsExactly(Outcome.BAD_TOKEN);
    assertThat(siege.store(siege.attacker, Bytes.of(new byte[16]), value("a")))
        .containsExactly(Outcome.BAD_TOKEN);
    assertThat(siege.count(Outcome.BAD_TOKEN)).isEqualTo(3);
    assertThat(siege.routing.stats().kept()).isZero();
    assertThat(siege.store(siege.attacker, token, value("a"))).containsExactly(Outcome.KEPT);
  }

  @Test
  void aFloodOfStoresIsBoundedForItsSender() {
    var siege = new Siege();
    var token = siege.token(siege.attacker);
    int most = RecordsConfig.DEFAULT.keptPerSource();
    int sent = 0;
    while (sent < 2 * most) {
      var batch = new ArrayList<Item>();
      for (int i = 0; i < DhtMessage.MAX_STORED; i++) {
        batch.add(value("flood " + sent++));
      }
      assertThat(siege.store(siege.attacker, token, batch.toArray(Item[]::new))).hasSize(16);
    }
    assertThat(siege.count(Outcome.KEPT)).isEqualTo(most);
    assertThat(siege.count(Outcome.FULL)).isEqualTo(sent - most);
    assertThat(siege.routing.stats().kept()).isEqualTo(most);
    var other = swarm(key(), Admission.OPEN);
    siege.connect(other);
    assertThat(siege.store(other, siege.token(other), value("honest")))
        .containsExactly(Outcome.KEPT);
  }

  @Test
  void recordsThatLieAboutSignatureSequenceOrTimeAreNotKept() {
    var siege = new Siege();
    var token = siege.token(siege.attacker);
    var now = Instant.now();
    var place = NodeId.of(new byte[NodeId.BYTES]);
    var record = siege.attacker.record();
    var id = siege.attacker.self();
    var tooLong = new Provision(place, id, now.toEpochMilli(), now.plus(Duration.ofDays(30)));
    var over = new Provision(place, id, now.toEpochMilli(), now.minusSeconds(1));
    var later =
        new Provision(
            place, id, now.plus(Duration.ofDays(1)).toEpochMilli(), now.plus(Duration.ofHours(1)));
    assertThat(
            siege.store(
                siege.attacker,
                token,
                new Item.Provider(tooLong.sign(siege.key), record),
                new Item.Provider(over.sign(siege.key), record),
                new Item.Provider(later.sign(siege.key), record)))
        .containsOnly(Outcome.BAD_RECORD)
        .hasSize(3);

    var first = new MutableValue(Bytes.EMPTY, 7, Bytes.utf8("first")).sign(siege.key);
    var older = new MutableValue(Bytes.EMPTY, 6, Bytes.utf8("older")).sign(siege.key);
    var twin = new MutableValue(Bytes.EMPTY, 7, Bytes.utf8("other")).sign(siege.key);
    assertThat(
            siege.store(
                siege.attacker,
                token,
                new Item.Mutable(first),
                new Item.Mutable(older),
                new Item.Mutable(twin)))
        .containsExactly(Outcome.KEPT, Outcome.STALE, Outcome.STALE);

    // The bytes of the value are others than those that were signed.
    var entry = new Entry(new Item.Mutable(first), ANY);
    var bytes = DhtMessage.REQUEST.encode(new DhtMessage.Store(token, List.of(entry)));
    bytes[indexOf(bytes, "first")] ^= 1;
    var answer = siege.ask(siege.attacker, bytes);
    assertThat(outcomes(DhtMessage.response(PeerRecord.SIGNED).decode(answer)))
        .containsExactly(Outcome.BAD_RECORD);
    assertThat(siege.count(Outcome.BAD_RECORD)).isEqualTo(4);
    assertThat(siege.routing.stats().kept()).isOne();
  }

  private static int indexOf(byte[] bytes, String text) {
    var all = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
    return all.indexOf(text);
  }

  @Test
  void aNodeOfAnotherRealmIsRefusedAtTheRendezvous() {
    var insider = key();
    var inside = realm(insider, "inside");
    var server = swarm(insider, inside);
    var routing = serve(insider, server);
    var place = Rendezvous.place(inside.meetingKeys().getFirst(), "cameras");
    assertThat(routing.provide(place, Duration.ofMillis(1))).isZero(); // nobody to tell yet

    var outsider = key();
    var outside = realm(outsider, "outside");
    var stranger = swarm(outsider, outside);
    stranger.book().suggest(server.self(), server.localAddresses().getFirst(), "test");
    assertThat(Rendezvous.place(outside.meetingKeys().getFirst(), "cameras")).isNotEqualTo(place);
    // And though it had learnt the place: nobody answers it.
    var find = new DhtMessage.Find(place, DhtMessage.What.PROVIDERS, true);
    assertThatThrownBy(() ->
            stranger.ask(
                server.self(), DhtMessage.PROTOCOL, DhtMessage.REQUEST.encode(find), WITHIN))
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).isEqualTo(TransportCode.REFUSED));
    assertThat(routing.stats().served()).isZero();
    assertThat(routing.tableSize()).isZero();
  }

  private static Realms realm(KeyPair key, String name) {
    var realms = Realms.inMemory(key, AccessConfig.DEFAULT, () -> Uptime.CLOCK.now().wall());
    var _ = realms.create(name);
    return realms;
  }
}
