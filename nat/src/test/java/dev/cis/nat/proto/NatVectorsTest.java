package dev.cis.nat.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What another implementation must write and read, byte by byte. */
class NatVectorsTest {
  private static final Bytes NONCE =
      Bytes.of(HexFormat.of().parseHex("00112233445566778899aabbccddeeff"));

  private static Map<String, byte[]> vectors() throws IOException {
    var file = Path.of(System.getProperty("cis.root", ".."), "docs/reference/vectors/nat.txt");
    var vectors = new HashMap<String, byte[]>();
    for (var line : Files.readAllLines(file)) {
      if (!line.startsWith("#")) {
        int blank = line.indexOf(' ');
        vectors.put(line.substring(0, blank), HexFormat.of().parseHex(line.substring(blank + 1)));
      }
    }
    return vectors;
  }

  private static byte[] vector(Map<String, byte[]> vectors, String name) {
    return Objects.requireNonNull(vectors.get(name), name);
  }

  @Test
  void everyVectorIsWrittenAndReadBack() throws IOException {
    var vectors = vectors();
    var question = new DialBackMessage.Question(NONCE, 7677);
    assertThat(DialBackMessage.QUESTION.encode(question))
        .isEqualTo(vector(vectors, "dial-back-question"));
    assertThat(DialBackMessage.QUESTION.decode(vector(vectors, "dial-back-question")))
        .isEqualTo(question);
    var answer = new DialBackMessage.Answer(DialBackMessage.Outcome.SENT, "198.51.100.1:7677");
    assertThat(DialBackMessage.ANSWER.encode(answer))
        .isEqualTo(vector(vectors, "dial-back-answer"));
    assertThat(DialBackMessage.ANSWER.decode(vector(vectors, "dial-back-answer")))
        .isEqualTo(answer);
    assertThat(DialBackMessage.probe(NONCE)).isEqualTo(vector(vectors, "dial-back-datagram"));
    assertThat(DialBackMessage.nonce(vector(vectors, "dial-back-datagram"))).contains(NONCE);
    var transaction = Bytes.of(HexFormat.of().parseHex("b7e7a701bc34d686fa87dfae"));
    var seen = new Endpoint(Bytes.of(new byte[] {(byte) 192, 0, 2, 1}), 32_853);
    var success =
        new StunMessage(
            StunMessage.BINDING,
            StunMessage.Kind.SUCCESS,
            transaction,
            List.of(StunMessage.xorMapped(seen, transaction)));
    assertThat(success.encode(false)).isEqualTo(vector(vectors, "stun-success"));
    var noon = new ClockMessage(Instant.parse("2026-11-21T12:00:00Z").toEpochMilli());
    assertThat(ClockMessage.CODEC.encode(noon)).isEqualTo(vector(vectors, "clock-answer"));
    assertThat(ClockMessage.CODEC.decode(vector(vectors, "clock-answer"))).isEqualTo(noon);
    assertThat(vectors).hasSize(22);
  }

  @Test
  void whatIsSaidToRoutersIsWrittenAndTheirAnswersAreRead() throws IOException {
    var vectors = vectors();
    var outside = Bytes.of(HexFormat.of().parseHex("c6120502"));
    var hour = Duration.ofHours(1);
    var pcp =
        new Pcp.Question(
            hour,
            Bytes.of(HexFormat.of().parseHex("c0a8050b")),
            Bytes.of(HexFormat.of().parseHex("000102030405060708090a0b")),
            7677,
            7677);
    assertThat(pcp.encode()).isEqualTo(vector(vectors, "pcp-map-question"));
    var granted = Pcp.decode(vector(vectors, "pcp-map-answer"));
    assertThat(granted.answers(pcp)).isTrue();
    assertThat(granted.externalIp()).isEqualTo(outside);
    assertThat(granted.externalPort()).isEqualTo(7678);
    assertThat(granted.life()).isEqualTo(hour);
    assertThat(granted.epoch()).isEqualTo(26_012);
    assertThat(NatPmp.mapQuestion(7677, 7677, hour))
        .isEqualTo(vector(vectors, "nat-pmp-map-question"));
    assertThat(NatPmp.mapQuestion(7677, 7677, Duration.ZERO))
        .isEqualTo(vector(vectors, "nat-pmp-end-question"));
    assertThat(NatPmp.addressQuestion()).isEqualTo(vector(vectors, "nat-pmp-address-question"));
    assertThat(NatPmp.decode(vector(vectors, "nat-pmp-map-answer")))
        .isEqualTo(new NatPmp.Answer.Mapped(0, 26_012, 7677, 7678, Duration.ofMinutes(5)));
    assertThat(NatPmp.decode(vector(vectors, "nat-pmp-address-answer")))
        .isEqualTo(new NatPmp.Answer.ExternalAddress(0, 26_012, outside));
  }

  @Test
  void whatIsSaidToRelaysAndForDirectPathsIsAsInTheVectors() throws IOException {
    var vectors = vectors();
    var bytes = new byte[NodeId.BYTES];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) i;
    }
    var node = NodeId.of(bytes);
    long circuit = 0x0123456789abcdefL;
    var seen = "198.51.100.1:7677";
    var messages =
        Map.of(
            "relay-reserve", RelayMessage.reserve(),
            "relay-reserved", RelayMessage.reserved(seen, 600),
            "relay-connect", RelayMessage.connect(node),
            "relay-connected", RelayMessage.connected(circuit, seen),
            "relay-incoming", RelayMessage.incoming(node, circuit),
            "relay-gone", RelayMessage.gone(node, circuit),
            "relay-refused", RelayMessage.refused(RelayTable.NO_RESERVATION));
    messages.forEach((name, message) -> {
      assertThat(RelayMessage.CODEC.encode(message)).as(name).isEqualTo(vector(vectors, name));
      assertThat(RelayMessage.CODEC.decode(vector(vectors, name))).isEqualTo(message);
    });
    var offer =
        new PunchMessage.Offer(
            circuit,
            NONCE,
            List.of(PunchWorld.at(198, 51, 100, 1, 7677), PunchWorld.at(192, 168, 1, 11, 7677)));
    assertThat(PunchMessage.OFFER.encode(offer)).isEqualTo(vector(vectors, "punch-offer"));
    assertThat(PunchMessage.OFFER.decode(vector(vectors, "punch-offer"))).isEqualTo(offer);
    var ask = new PunchMessage.Probe(false, true, circuit, 7);
    assertThat(PunchMessage.encode(ask, NONCE)).isEqualTo(vector(vectors, "punch-ask"));
    var answer = new PunchMessage.Probe(true, false, circuit, 7);
    assertThat(PunchMessage.encode(answer, NONCE)).isEqualTo(vector(vectors, "punch-answer"));
  }
}
