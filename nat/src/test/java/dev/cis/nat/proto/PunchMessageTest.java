package dev.cis.nat.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.PunchMessage.Probe;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class PunchMessageTest {
  private static final Bytes KEY =
      Bytes.of(HexFormat.of().parseHex("00112233445566778899aabbccddeeff"));
  private static final Probe PROBE = new Probe(true, false, 0x0123456789abcdefL, -2);

  @Test
  void aProbeIsReadBackWithTheKeyAndNotWithAnother() {
    byte[] datagram = PunchMessage.encode(PROBE, KEY);
    assertThat(PunchMessage.looksLike(datagram)).isTrue();
    assertThat(PunchMessage.session(datagram)).isEqualTo(PROBE.session());
    assertThat(PunchMessage.decode(datagram, KEY)).contains(PROBE);
    var other = Bytes.of(new byte[PunchMessage.KEY_BYTES]);
    assertThat(PunchMessage.decode(datagram, other)).isEmpty();
    assertThat(StunMessage.looksLike(datagram)).isFalse();
  }

  @Test
  void whateverIsChangedOrCutIsNoProbe() {
    byte[] datagram = PunchMessage.encode(PROBE, KEY);
    for (int bit = 0; bit < 8 * datagram.length; bit++) {
      byte[] bent = datagram.clone();
      bent[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(PunchMessage.decode(bent, KEY)).as("bit %d", bit).isEmpty();
    }
    for (int length = 0; length < datagram.length; length++) {
      assertThat(PunchMessage.decode(Arrays.copyOf(datagram, length), KEY)).isEmpty();
    }
    assertThat(PunchMessage.decode(Arrays.copyOf(datagram, 51), KEY)).isEmpty();
  }

  @Test
  void offersHaveTheirLimits() {
    var here = PunchWorld.at(192, 0, 2, 1, 7677);
    var most = Collections.nCopies(PunchMessage.MAX_CANDIDATES, here);
    var offer = new PunchMessage.Offer(7, KEY, most);
    byte[] bytes = PunchMessage.OFFER.encode(offer);
    assertThat(bytes).hasSizeLessThanOrEqualTo(PunchMessage.MAX_OFFER);
    assertThat(PunchMessage.OFFER.decode(bytes)).isEqualTo(offer);
    assertThatThrownBy(() ->
            new PunchMessage.Offer(
                7, KEY, Collections.nCopies(PunchMessage.MAX_CANDIDATES + 1, here)))
        .isInstanceOf(Fault.class);
    assertThatThrownBy(() -> RelayMessage.CODEC.decode(new byte[] {8, 3}))
        .isInstanceOf(Fault.class);
    assertThatThrownBy(() -> RelayMessage.CODEC.decode(new byte[] {8, 77}))
        .isInstanceOf(Fault.class);
  }
}
