package dev.cis.dht.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.Signed;
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
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class DhtMessageTest {
  private static final DhtMessage.Request FIND = new DhtMessage.FindNode(People.id(3));
  private static final DhtMessage.Response NODES =
      DhtMessage.Nodes.of(List.of(People.record(1), People.record(2)));

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
            "nodes-two", hex(DhtMessage.RESPONSE, NODES));
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
        .isEqualTo(new DhtMessage.Nodes(List.of(People.record(3)), 3));
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

  @Property(tries = 3000)
  void mutatedFramesGiveMessagesOrFaults(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int changes) {
    var random = new SplittableRandom(seed);
    mutate(DhtMessage.REQUEST, DhtMessage.REQUEST.encode(FIND), changes, random);
    mutate(DhtMessage.RESPONSE, DhtMessage.RESPONSE.encode(NODES), changes, random);
  }

  @Test
  void decodersReadOrRefuseHundredsOfThousandsOfMutations() {
    var frames =
        List.of(
            DhtMessage.REQUEST.encode(new DhtMessage.Ping()),
            DhtMessage.REQUEST.encode(FIND),
            DhtMessage.RESPONSE.encode(new DhtMessage.Pong()),
            DhtMessage.RESPONSE.encode(NODES));
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
