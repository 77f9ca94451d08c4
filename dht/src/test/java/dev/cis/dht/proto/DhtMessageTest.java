package dev.cis.dht.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import dev.cis.sim.Mutations;
import dev.cis.transport.PeerRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class DhtMessageTest {
  private static final DhtMessage.Request FIND =
      new DhtMessage.Find(People.id(3), DhtMessage.What.NODES, false);
  private static final DhtMessage.Response NODES =
      DhtMessage.Nodes.of(List.of(People.record(1), People.record(2)));

  private static final Bytes TOKEN = Bytes.utf8("sixteen bytes...");
  private static final DhtMessage.Request FIND_VALUE =
      new DhtMessage.Find(People.id(3), DhtMessage.What.VALUE, true);
  private static final Item FIXED = new Item.Immutable(Bytes.utf8("fixed"));
  private static final Item CHANGING =
      new Item.Mutable(
          new MutableValue(Bytes.utf8("salt"), 7, Bytes.utf8("changing")).sign(People.key(1)));
  private static final Item PROVIDER =
      new Item.Provider(
          new Provision(FIXED.key(), People.id(2), 5, People.EXPIRY).sign(People.key(2)),
          People.record(2));
  private static final List<Item> ALL =
      List.of(new Item.Peer(People.record(1)), PROVIDER, CHANGING, FIXED);
  private static final DhtMessage.Request STORE =
      new DhtMessage.Store(
          TOKEN,
          List.of(
              new DhtMessage.Entry(PROVIDER, OptionalLong.empty()),
              new DhtMessage.Entry(CHANGING, OptionalLong.of(6)),
              new DhtMessage.Entry(FIXED, OptionalLong.of(0))));
  private static final DhtMessage.Response ITEMS =
      DhtMessage.Nodes.of(List.of(People.record(1)), ALL, TOKEN);
  private static final DhtMessage.Response STORED =
      new DhtMessage.Stored(List.of(DhtMessage.Outcome.values()));

  @Test
  void requestsAndAnswersAboutItemsComeBackAsTheyWere() {
    assertThat(back(DhtMessage.REQUEST, FIND_VALUE)).isEqualTo(FIND_VALUE);
    assertThat(back(DhtMessage.REQUEST, STORE)).isEqualTo(STORE);
    assertThat(back(DhtMessage.RESPONSE, ITEMS)).isEqualTo(ITEMS);
    assertThat(back(DhtMessage.RESPONSE, STORED)).isEqualTo(STORED);
  }

  @Test
  void anItemThatLiesIsLeftOutAndTheOthersStay() {
    // The provision says node 1, and node 2 signed it.
    var lie =
        Signed.sign(
            People.key(2),
            Provision.DOMAIN,
            Provision.CODEC,
            new Provision(FIXED.key(), People.id(1), 5, People.EXPIRY));
    var another = new Provision(FIXED.key(), People.id(1), 5, People.EXPIRY).sign(People.key(1));
    var forged = ItemCodec.ITEM.encode(CHANGING);
    forged[20] ^= 1;
    var lies =
        List.of(
            provider(lie, People.record(1)),
            provider(another, People.record(2)), // the record of another node
            forged,
            new byte[0],
            new WireWriter().element(4, new byte[1001]).toByteArray());
    var store = new WireWriter().bytes(1, TOKEN.toByteArray());
    var nodes = new WireWriter();
    for (var bytes : lies) {
      store.element(2, new WireWriter().element(1, bytes).toByteArray());
      nodes.element(3, bytes);
    }
    store.element(2, new WireWriter().message(1, ItemCodec.ITEM, FIXED).toByteArray());
    nodes.message(3, ItemCodec.ITEM, FIXED);
    var request =
        DhtMessage.REQUEST.decode(new WireWriter().element(3, store.toByteArray()).toByteArray());
    assertThat(((DhtMessage.Store) request).entries())
        .extracting(DhtMessage.Entry::item)
        .containsExactly(null, null, null, null, null, FIXED);
    assertThat(
            DhtMessage.RESPONSE.decode(
                new WireWriter().element(2, nodes.toByteArray()).toByteArray()))
        .isEqualTo(new DhtMessage.Nodes(List.of(), List.of(FIXED), Bytes.EMPTY, 5));
  }

  private static byte[] provider(Signed<Provision> provision, Signed<PeerRecord> peer) {
    var inner =
        new WireWriter()
            .message(1, Provision.SIGNED, provision)
            .message(2, PeerRecord.SIGNED, peer);
    return new WireWriter().element(2, inner.toByteArray()).toByteArray();
  }

  @Test
  void tooManyItemsAndTooLongTokensAreRefused() {
    var store = new WireWriter();
    for (int i = 0; i < 17; i++) {
      store.element(2, new byte[0]);
    }
    var nodes = new WireWriter();
    for (int i = 0; i < 65; i++) {
      nodes.element(3, new byte[0]);
    }
    var outcomes = new WireWriter();
    for (int i = 0; i < 17; i++) {
      outcomes.element(1, 0);
    }
    var token = new WireWriter().bytes(1, new byte[17]);
    for (var bytes : List.of(store, token)) {
      assertThatThrownBy(() ->
              DhtMessage.REQUEST.decode(
                  new WireWriter().element(3, bytes.toByteArray()).toByteArray()))
          .isInstanceOf(Fault.class);
    }
    for (var bytes :
        List.of(
            new WireWriter().element(2, nodes.toByteArray()),
            new WireWriter().element(3, outcomes.toByteArray()),
            new WireWriter().element(3, new WireWriter().element(1, 6).toByteArray()))) {
      assertThatThrownBy(() -> DhtMessage.RESPONSE.decode(bytes.toByteArray()))
          .isInstanceOf(Fault.class);
    }
  }

  @Test
  void messagesComeBackAsTheyWere() {
    assertThat(back(DhtMessage.REQUEST, FIND)).isEqualTo(FIND);
    assertThat(back(DhtMessage.REQUEST, new DhtMessage.Ping())).isEqualTo(new DhtMessage.Ping());
    assertThat(back(DhtMessage.RESPONSE, NODES)).isEqualTo(NODES);
    assertThat(back(DhtMessage.RESPONSE, new DhtMessage.Pong())).isEqualTo(new DhtMessage.Pong());
  }

  @Test
  void goldenVectorsHold() throws IOException {
    var file = Path.of(System.getProperty("cis.root", ".."), "docs/reference/vectors/dht.txt");
    var expected = new LinkedHashMap<String, String>();
    for (var line : Files.readAllLines(file)) {
      if (!line.isBlank() && !line.startsWith("#")) {
        var parts = line.split(" ", 2);
        expected.put(parts[0], parts[1]);
      }
    }
    var actual =
        Map.of(
            "ping", hex(DhtMessage.REQUEST, new DhtMessage.Ping()),
            "find-node", hex(DhtMessage.REQUEST, FIND),
            "pong", hex(DhtMessage.RESPONSE, new DhtMessage.Pong()),
            "nodes-none", hex(DhtMessage.RESPONSE, DhtMessage.Nodes.of(List.of())),
            "nodes-two", hex(DhtMessage.RESPONSE, NODES),
            "find-value", hex(DhtMessage.REQUEST, FIND_VALUE),
            "store", hex(DhtMessage.REQUEST, STORE),
            "nodes-items", hex(DhtMessage.RESPONSE, ITEMS),
            "stored", hex(DhtMessage.RESPONSE, STORED));
    assertThat(expected).containsExactlyInAnyOrderEntriesOf(actual);
  }

  @Test
  void aRecordThatLiesIsDroppedAndTheOthersStay() {
    // The record says node 1, and node 2 signed it.
    var honest = People.record(1).value();
    var lie = Signed.sign(People.key(2), PeerRecord.DOMAIN, PeerRecord.CODEC, honest);
    var broken = PeerRecord.SIGNED.encode(People.record(4));
    broken[40] ^= 1;
    var nodes = new WireWriter();
    nodes
        .element(1, PeerRecord.SIGNED.encode(lie))
        .element(1, PeerRecord.SIGNED.encode(People.record(3)))
        .element(1, broken)
        .element(1, new byte[0]);
    byte[] bytes = new WireWriter().element(2, nodes.toByteArray()).toByteArray();
    assertThat(DhtMessage.RESPONSE.decode(bytes))
        .isEqualTo(new DhtMessage.Nodes(List.of(People.record(3)), List.of(), Bytes.EMPTY, 3));
  }

  @Test
  void aFloodOfRecordsIsRefused() {
    var nodes = new WireWriter();
    for (int i = 0; i < 21; i++) {
      nodes.element(1, new byte[0]);
    }
    byte[] bytes = new WireWriter().element(2, nodes.toByteArray()).toByteArray();
    assertThatThrownBy(() -> DhtMessage.RESPONSE.decode(bytes))
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).isEqualTo(KernelCode.TOO_LARGE));
  }

  @Test
  void anHonestAnswerFitsTheFrame() {
    var wordy =
        IntStream.range(0, 20)
            .mapToObj(i ->
                People.record(
                    i,
                    1,
                    Collections.nCopies(16, new dev.cis.transport.Address("h".repeat(230), 7677)),
                    People.EXPIRY,
                    true))
            .toList();
    var answer = DhtMessage.Nodes.of(wordy);
    assertThat(answer.records()).hasSizeBetween(10, 19);
    assertThat(DhtMessage.RESPONSE.encode(answer))
        .hasSizeLessThanOrEqualTo(DhtMessage.MAX_RESPONSE);
  }

  @Test
  void emptyUnknownAndDoubleMessagesAreMalformed() {
    for (var bytes :
        List.of(
            new byte[0],
            new WireWriter().element(9, new byte[3]).toByteArray(),
            new WireWriter().element(1, new byte[0]).element(1, new byte[0]).toByteArray(),
            new WireWriter().element(2, new byte[0]).toByteArray())) {
      assertThatThrownBy(() -> DhtMessage.REQUEST.decode(bytes)).isInstanceOf(Fault.class);
    }
  }

  @Test
  void fieldsOfLaterVersionsArePassedOver() {
    var find = new WireWriter().element(1, People.id(3).bytes()).uint(7, 9).toByteArray();
    byte[] bytes = new WireWriter().element(2, find).uint(15, 4).toByteArray();
    assertThat(DhtMessage.REQUEST.decode(bytes)).isEqualTo(FIND);
  }

  @Property(tries = 1000)
  void mutatedFramesGiveMessagesOrFaults(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int changes) {
    var random = new SplittableRandom(seed);
    mutate(DhtMessage.REQUEST, DhtMessage.REQUEST.encode(FIND), changes, random);
    mutate(DhtMessage.RESPONSE, DhtMessage.RESPONSE.encode(NODES), changes, random);
    mutate(DhtMessage.REQUEST, DhtMessage.REQUEST.encode(STORE), changes, random);
    mutate(DhtMessage.RESPONSE, DhtMessage.RESPONSE.encode(ITEMS), changes, random);
  }

  @Test
  void decodersReadOrRefuseHundredsOfThousandsOfMutations() {
    var frames =
        List.of(
            DhtMessage.REQUEST.encode(new DhtMessage.Ping()),
            DhtMessage.REQUEST.encode(FIND),
            DhtMessage.RESPONSE.encode(new DhtMessage.Pong()),
            DhtMessage.RESPONSE.encode(NODES),
            DhtMessage.REQUEST.encode(STORE),
            DhtMessage.RESPONSE.encode(STORED));
    // Records without verification, so that the run is not spent on signatures.
    var unverified =
        DhtMessage.response(
            new Codec<>() {
              @Override
              public void write(WireWriter out, Signed<PeerRecord> record) {
                PeerRecord.SIGNED.write(out, record);
              }

              @Override
              public Signed<PeerRecord> read(WireReader in) {
                while (in.next()) {
                  if (in.field() == 1) {
                    PeerRecord.CODEC.decode(in.bytes(PeerRecord.MAX_BYTES));
                  }
                }
                return People.record(1);
              }
            });
    var fast = List.of(DhtMessage.REQUEST, unverified);
    var outcome = Mutations.of(frames, 31).decode(400_000, Duration.ofSeconds(4), fast);
    assertThat(outcome.read()).isPositive();
    var signed = List.of(DhtMessage.RESPONSE);
    outcome = Mutations.of(frames, 32).decode(50_000, Duration.ofSeconds(1), signed);
    assertThat(outcome.read()).isPositive();
  }

  private static <T> void mutate(
      Codec<T> codec, byte[] valid, int changes, SplittableRandom random) {
    byte[] bytes = java.util.Arrays.copyOf(valid, valid.length - random.nextInt(2));
    for (int i = 0; i < changes; i++) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    try {
      assertThat(codec.decode(bytes)).isNotNull();
    } catch (Fault e) {
      assertThat(e.code()).isNotNull();
    }
  }

  private static <T> T back(Codec<T> codec, T message) {
    return codec.decode(codec.encode(message));
  }

  private static <T> String hex(Codec<T> codec, T message) {
    return HexFormat.of().formatHex(codec.encode(message));
  }
}
