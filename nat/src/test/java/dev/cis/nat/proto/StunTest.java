package dev.cis.nat.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The test vectors of RFC 5769, and answers to good and bad questions. */
class StunTest {
  private static final byte[] PASSWORD = utf8("VOkJxbRl1RmTxUk/WvJxBt");

  /** RFC 5769 section 2.1. */
  private static final byte[] REQUEST =
      hex(
          """
          00 01 00 58 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae
          80 22 00 10 53 54 55 4e 20 74 65 73 74 20 63 6c 69 65 6e 74
          00 24 00 04 6e 00 01 ff
          80 29 00 08 93 2f f9 b1 51 26 3b 36
          00 06 00 09 65 76 74 6a 3a 68 36 76 59 20 20 20
          00 08 00 14 9a ea a7 0c bf d8 cb 56 78 1e f2 b5 b2 d3 f2 49 c1 b5 71 a2
          80 28 00 04 e5 7a 3b cf
          """);

  /** RFC 5769 section 2.2. */
  private static final byte[] RESPONSE_V4 =
      hex(
          """
          01 01 00 3c 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae
          80 22 00 0b 74 65 73 74 20 76 65 63 74 6f 72 20
          00 20 00 08 00 01 a1 47 e1 12 a6 43
          00 08 00 14 2b 91 f5 99 fd 9e 90 c3 8c 74 89 f9 2a f9 ba 53 f0 6b e7 d7
          80 28 00 04 c0 7d 4c 96
          """);

  /** RFC 5769 section 2.3. */
  private static final byte[] RESPONSE_V6 =
      hex(
          """
          01 01 00 48 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae
          80 22 00 0b 74 65 73 74 20 76 65 63 74 6f 72 20
          00 20 00 14 00 02 a1 47 01 13 a9 fa a5 d3 f1 79 bc 25 f4 b5 be d2 b9 d9
          00 08 00 14 a3 82 95 4e 4b e6 7b f1 17 84 c9 7c 82 92 c2 75 bf e3 ed 41
          80 28 00 04 c8 fb 0b 4c
          """);

  /** RFC 5769 section 2.4: long-term credentials, no fingerprint. */
  private static final byte[] LONG_TERM =
      hex(
          """
          00 01 00 60 21 12 a4 42 78 ad 34 33 c6 ad 72 c0 29 da 41 2e
          00 06 00 12 e3 83 9e e3 83 88 e3 83 aa e3 83 83 e3 82 af e3 82 b9 00 00
          00 15 00 1c 66 2f 2f 34 39 39 6b 39 35 34 64 36 4f 4c 33 34 6f 4c 39 46 53 54 76 79 36 34
                      73 41
          00 14 00 0b 65 78 61 6d 70 6c 65 2e 6f 72 67 00
          00 08 00 14 f6 70 24 65 6d d6 4a 3e 02 b8 e0 71 2e 85 c9 a2 8c a8 96 66
          """);

  private static final Endpoint ASKER = new Endpoint(Bytes.of(new byte[] {11, 22, 33, 44}), 5555);
  private static final Bytes TRANSACTION = Bytes.utf8("transaction!");
  private static final Duration NOW = Duration.ofSeconds(1);

  private final StunServer server = new StunServer(10, 100);

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replaceAll("\\s", ""));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static StunMessage question(StunMessage.Attribute... attributes) {
    return new StunMessage(
        StunMessage.BINDING, StunMessage.Kind.REQUEST, TRANSACTION, List.of(attributes));
  }

  @Test
  void theSampleRequestIsReadAndItsFingerprintAndIntegrityHold() {
    var message = StunMessage.decode(REQUEST);
    assertThat(message.kind()).isEqualTo(StunMessage.Kind.REQUEST);
    assertThat(message.method()).isEqualTo(StunMessage.BINDING);
    assertThat(message.transaction().hex()).isEqualTo("b7e7a701bc34d686fa87dfae");
    assertThat(message.attribute(0x8022).orElseThrow().utf8()).isEqualTo("STUN test client");
    assertThat(message.attribute(0x0006).orElseThrow().utf8()).isEqualTo("evtj:h6vY");
    assertThat(StunMessage.isIntact(REQUEST, PASSWORD)).isTrue();
    assertThat(StunMessage.isIntact(REQUEST, utf8("wrong"))).isFalse();
  }

  @Test
  void theSampleResponsesTellTheAddressesOfTheRfc() {
    var v4 = StunMessage.decode(RESPONSE_V4);
    assertThat(v4.kind()).isEqualTo(StunMessage.Kind.SUCCESS);
    assertThat(v4.mapped())
        .contains(new Endpoint(Bytes.of(new byte[] {(byte) 192, 0, 2, 1}), 32_853));
    var v6 = StunMessage.decode(RESPONSE_V6).mapped().orElseThrow();
    assertThat(v6.ip().hex()).isEqualTo("20010db8123456780011223344556677");
    assertThat(v6.port()).isEqualTo(32_853);
    assertThat(StunMessage.isIntact(RESPONSE_V4, PASSWORD)).isTrue();
    assertThat(StunMessage.isIntact(RESPONSE_V6, PASSWORD)).isTrue();
  }

  @Test
  void theSampleOfLongTermCredentialsIsIntact() throws Exception {
    var message = StunMessage.decode(LONG_TERM);
    var user = message.attribute(0x0006).orElseThrow().utf8();
    var secret = user + ":example.org:TheMatrIX";
    byte[] key = MessageDigest.getInstance("MD5").digest(utf8(secret));
    assertThat(StunMessage.isIntact(LONG_TERM, key)).isTrue();
  }

  @Test
  void signingWithLongTermCredentialsGivesTheBytesOfTheSample() {
    var sample = StunMessage.decode(LONG_TERM);
    var unsigned =
        new StunMessage(
            sample.method(),
            sample.kind(),
            sample.transaction(),
            sample.attributes().subList(0, sample.attributes().size() - 1));
    var user = sample.attribute(TurnMessage.USERNAME).orElseThrow().utf8();
    byte[] key = TurnMessage.key(user, "example.org", "TheMatrIX");
    assertThat(unsigned.encodeSigned(key)).isEqualTo(LONG_TERM);
  }

  @Test
  void writingGivesTheBytesBack() {
    var message = StunMessage.decode(LONG_TERM);
    assertThat(message.encode(false)).isEqualTo(LONG_TERM);
    var mapped = StunMessage.decode(RESPONSE_V6).mapped().orElseThrow();
    var attribute = StunMessage.xorMapped(mapped, StunMessage.decode(RESPONSE_V6).transaction());
    assertThat(StunMessage.decode(RESPONSE_V6).attributes()).contains(attribute);
  }

  @Test
  void aQuestionIsAnsweredWithTheAddressItCameFrom() {
    byte[] answer = server.answer(NOW, question().encode(false), ASKER).orElseThrow();
    assertThat(answer).hasSize(32);
    var message = StunMessage.decode(answer);
    assertThat(message.transaction()).isEqualTo(TRANSACTION);
    assertThat(message.mapped()).contains(ASKER);
    // Fingerprint for fingerprint.
    byte[] marked = server.answer(NOW, question().encode(true), ASKER).orElseThrow();
    assertThat(StunMessage.decode(marked).attribute(StunMessage.FINGERPRINT)).isPresent();
    var v6 = new Endpoint(Bytes.of(new byte[16]), 1);
    byte[] long6 = server.answer(NOW, question().encode(false), v6).orElseThrow();
    assertThat(StunMessage.decode(long6).mapped()).contains(v6);
  }

  @Test
  void theSampleRequestOfTheRfcIsAnswered() {
    var answer = StunMessage.decode(server.answer(NOW, REQUEST, ASKER).orElseThrow());
    assertThat(answer.mapped()).contains(ASKER);
  }

  @Test
  void whatMustBeUnderstoodAndIsNotIsNamed() {
    var changeRequest = new StunMessage.Attribute(0x0003, Bytes.of(new byte[] {0, 0, 0, 6}));
    var answer =
        StunMessage.decode(
            server.answer(NOW, question(changeRequest).encode(false), ASKER).orElseThrow());
    assertThat(answer.kind()).isEqualTo(StunMessage.Kind.ERROR);
    byte[] code = answer.attribute(StunMessage.ERROR_CODE).orElseThrow().toByteArray();
    assertThat(code[2] * 100 + code[3]).isEqualTo(420);
    assertThat(answer.attribute(StunMessage.UNKNOWN_ATTRIBUTES).orElseThrow().hex())
        .isEqualTo("0003");
  }

  @Test
  void answersIndicationsAndOtherMethodsGetNoAnswer() {
    assertThat(server.answer(NOW, RESPONSE_V4, ASKER)).isEmpty();
    for (var kind : List.of(StunMessage.Kind.INDICATION, StunMessage.Kind.ERROR)) {
      var message = new StunMessage(StunMessage.BINDING, kind, TRANSACTION, List.of());
      assertThat(server.answer(NOW, message.encode(false), ASKER)).isEmpty();
    }
    var allocate = new StunMessage(3, StunMessage.Kind.REQUEST, TRANSACTION, List.of());
    assertThat(server.answer(NOW, allocate.encode(false), ASKER)).isEmpty();
  }

  @Test
  void oneNetworkGetsSoManyAnswersASecondAndOthersTheirs() {
    byte[] asked = question().encode(false);
    int answered = 0;
    for (int i = 0; i < 100; i++) {
      var from = new Endpoint(Bytes.of(new byte[] {11, 22, 33, (byte) i}), 1000 + i);
      answered += server.answer(NOW, asked, from).isPresent() ? 1 : 0;
    }
    assertThat(answered).isEqualTo(20);
    assertThat(server.refused()).isEqualTo(80);
    var elsewhere = new Endpoint(Bytes.of(new byte[] {11, 22, 34, 1}), 1000);
    assertThat(server.answer(NOW, asked, elsewhere)).isPresent();
    assertThat(server.answer(NOW.plusSeconds(1), asked, ASKER)).isPresent();
  }

  @Test
  void garbageIsReadOrRefusedAndNeverAnsweredAtLength() {
    var random = new SplittableRandom(5769);
    for (var sample : List.of(REQUEST, RESPONSE_V4, RESPONSE_V6, LONG_TERM)) {
      for (int i = 0; i < 20_000; i++) {
        byte[] bytes = sample.clone();
        for (int n = random.nextInt(1, 5); n > 0; n--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 8));
        var answer = new StunServer(10, 100).answer(NOW, bytes, ASKER);
        assertThat(answer.map(a -> a.length).orElse(0)).isLessThan(bytes.length + 40);
        boolean _ = StunMessage.isIntact(Arrays.copyOf(bytes, bytes.length + 20), PASSWORD);
      }
    }
  }

  @Test
  void aWrongFingerprintOrLengthIsRefused() {
    byte[] wrong = REQUEST.clone();
    wrong[30] ^= 1;
    assertThatThrownBy(() -> StunMessage.decode(wrong)).isInstanceOf(Fault.class);
    assertThatThrownBy(() -> StunMessage.decode(Arrays.copyOf(REQUEST, REQUEST.length - 4)))
        .isInstanceOf(Fault.class);
    assertThatThrownBy(() -> StunMessage.decode(Arrays.copyOf(REQUEST, 2_000)))
        .isInstanceOf(Fault.class);
  }
}
