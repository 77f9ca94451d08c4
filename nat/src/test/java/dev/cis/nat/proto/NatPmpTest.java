package dev.cis.nat.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.nat.proto.NatPmp.Answer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** The figures of RFC 6886, sections 3.2 to 3.5, byte by byte. */
class NatPmpTest {
  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  @Test
  void questionsAreLaidOutAsInTheFigures() {
    assertThat(NatPmp.addressQuestion()).isEqualTo(hex("00 00"));
    assertThat(NatPmp.mapQuestion(7677, 7677, Duration.ofHours(1)))
        .isEqualTo(hex("00 01 0000 1dfd 1dfd 00000e10"));
    // Section 3.4: the end of a mapping is asked for with an external port of zero.
    assertThat(NatPmp.mapQuestion(7677, 7677, Duration.ZERO))
        .isEqualTo(hex("00 01 0000 1dfd 0000 00000000"));
  }

  @Test
  void answersAreReadAsInTheFigures() {
    assertThat(NatPmp.decode(hex("00 80 0000 0000659c c6120502")))
        .isEqualTo(
            new Answer.ExternalAddress(0, 26_012, dev.cis.kernel.wire.Bytes.of(hex("c6120502"))));
    assertThat(NatPmp.decode(hex("00 81 0000 ffffffff 1dfd 1dfe 0000012c")))
        .isEqualTo(new Answer.Mapped(0, 0xFFFFFFFFL, 7677, 7678, Duration.ofMinutes(5)));
  }

  @Test
  void aRefusalMayEndBehindTheHeader() {
    assertThat(NatPmp.decode(hex("00 81 0003 00000001")).result()).isEqualTo(3);
    assertThat(NatPmp.decode(hex("00 80 0002 00000001")).result()).isEqualTo(2);
  }

  @Test
  void everyTruncationOfASuccessIsRefused() {
    for (var whole :
        new String[] {"0080000000000001c6120502", "00810000000000011dfd1dfd00000e10"}) {
      var bytes = hex(whole);
      for (int n = 0; n < bytes.length; n++) {
        var cut = Arrays.copyOf(bytes, n);
        assertThatThrownBy(() -> NatPmp.decode(cut)).isInstanceOf(Fault.class);
      }
      var longer = Arrays.copyOf(bytes, bytes.length + 1);
      assertThatThrownBy(() -> NatPmp.decode(longer)).isInstanceOf(Fault.class);
    }
  }

  @Test
  void questionsAndOtherVersionsAreNoAnswers() {
    for (var text : new String[] {"0001000000000001", "0281000000000001", "0082000000000001"}) {
      assertThatThrownBy(() -> NatPmp.decode(hex(text))).isInstanceOf(Fault.class);
    }
  }

  @Property
  void onlyFaultsComeOut(@ForAll @Size(max = 20) byte[] bytes) {
    if (bytes.length > 1) {
      bytes[0] = 0;
      bytes[1] |= (byte) 0x80;
    }
    try {
      assertThat(NatPmp.decode(bytes).epoch()).isBetween(0L, 0xFFFFFFFFL);
    } catch (Fault e) {
      assertThat(e).hasMessageContaining("NAT-PMP");
    }
  }
}
