package dev.cis.nat.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The figures of RFC 6887, sections 7.1, 7.2 and 11.1, byte by byte. */
class PcpTest {
  private static final String NONCE = "000102030405060708090a0b";
  private static final String OWN = "00000000000000000000ffffc0a8050b";
  private static final String MAP = NONCE + "11000000 1dfd 1dfe 00000000000000000000ffffc6120502";
  private static final String ANSWER = "02 81 00 00 00000e10 0000659c" + "00".repeat(12) + MAP;
  private static final Pcp.Question QUESTION =
      new Pcp.Question(
          Duration.ofHours(1), Bytes.of(hex("c0a8050b")), Bytes.of(hex(NONCE)), 7677, 7677);

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  @Test
  void aQuestionIsLaidOutAsInTheFigures() {
    assertThat(QUESTION.encode())
        .isEqualTo(
            hex(
                "02 01 0000 00000e10"
                    + OWN
                    + NONCE
                    + "11 000000 1dfd 1dfd 00000000000000000000ffff00000000"));
  }

  @Test
  void anAnswerIsReadAsInTheFigures() {
    var answer = Pcp.decode(hex(ANSWER));
    assertThat(answer.result()).isZero();
    assertThat(answer.life()).isEqualTo(Duration.ofHours(1));
    assertThat(answer.epoch()).isEqualTo(26_012);
    assertThat(answer.externalPort()).isEqualTo(7678);
    assertThat(answer.externalIp()).isEqualTo(Bytes.of(hex("c6120502")));
    assertThat(answer.answers(QUESTION)).isTrue();
  }

  @Test
  void optionsBehindTheMappingAreSkipped() {
    assertThat(Pcp.decode(hex(ANSWER + "02000000")).externalPort()).isEqualTo(7678);
  }

  @Test
  void anAnswerWithAnotherNonceOrPortIsSomebodyElses() {
    var other = ANSWER.replace(NONCE, "ff" + NONCE.substring(2));
    assertThat(Pcp.decode(hex(other)).answers(QUESTION)).isFalse();
    var port = ANSWER.replace("1dfd", "1dff");
    assertThat(Pcp.decode(hex(port)).answers(QUESTION)).isFalse();
  }

  @Test
  void aRouterThatKnowsOnlyNatPmpSaysSo() {
    var answer = Pcp.decode(hex("00 81 0001 0000659c"));
    assertThat(answer.version()).isZero();
    assertThat(answer.answers(QUESTION)).isTrue();
  }

  @Test
  void everyTruncationIsRefused() {
    var bytes = hex(ANSWER);
    for (int n = 0; n < bytes.length; n++) {
      var cut = Arrays.copyOf(bytes, n);
      assertThatThrownBy(() -> Pcp.decode(cut)).isInstanceOf(Fault.class);
    }
    var large = Arrays.copyOf(bytes, Pcp.MAX_BYTES + 4);
    assertThatThrownBy(() -> Pcp.decode(large)).isInstanceOf(Fault.class);
  }

  @Property
  void onlyFaultsComeOutOfChangedAnswers(
      @ForAll @IntRange(max = 59) int at, @ForAll byte with, @ForAll @IntRange(max = 64) int size) {
    var bytes = Arrays.copyOf(hex(ANSWER), size);
    if (at < size) {
      bytes[at] = with;
    }
    try {
      assertThat(Pcp.decode(bytes).externalIp().size()).isIn(0, 4, 16);
    } catch (Fault e) {
      assertThat(e).hasMessageContaining("PCP");
    }
  }
}
