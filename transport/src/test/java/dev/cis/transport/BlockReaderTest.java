package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.sim.Mutations;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Blocks, true and false ones, without a network. */
class BlockReaderTest {
  private static byte[] packed(byte[] plain) {
    var out = new ByteArrayOutputStream();
    var left = ByteBuffer.wrap(plain);
    while (left.hasRemaining()) {
      out.writeBytes(Blocks.next(left, true));
    }
    return out.toByteArray();
  }

  /** All that the reader gives, with a wire that has so many bytes at a time. */
  private static byte[] unpacked(byte[] wire, int come, int piece, int buffer) {
    int early = Math.min(come, wire.length);
    var left = ByteBuffer.wrap(wire, early, wire.length - early);
    var reader =
        new BlockReader(
            ByteBuffer.wrap(Arrays.copyOf(wire, early)),
            true,
            into -> {
              int size = Math.min(piece, Math.min(left.remaining(), into.remaining()));
              if (size == 0) {
                return -1;
              }
              into.put(left.slice(left.position(), size));
              left.position(left.position() + size);
              return size;
            });
    var all = new ByteArrayOutputStream();
    var into = ByteBuffer.allocate(buffer);
    int size;
    while ((size = reader.read(into.clear())) >= 0) {
      assertThat(size).isPositive().isEqualTo(into.position());
      all.write(into.array(), 0, size);
    }
    return all.toByteArray();
  }

  static byte[] unpacked(byte[] wire) {
    return unpacked(wire, 0, 1000, 8192);
  }

  private static Fault refusal(int... bytes) {
    byte[] wire = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      wire[i] = (byte) bytes[i];
    }
    return refusal(wire);
  }

  private static Fault refusal(byte[] wire) {
    var faults = new java.util.ArrayList<Fault>();
    assertThatThrownBy(() -> unpacked(wire)).isInstanceOfSatisfying(Fault.class, faults::add);
    return faults.getFirst();
  }

  @Property(tries = 300)
  void whatIsPackedIsUnpackedHoweverItIsCut(
      @ForAll @IntRange(max = 150_000) int size,
      @ForAll boolean text,
      @ForAll @IntRange(max = 200) int come,
      @ForAll @IntRange(min = 1, max = 9000) int piece,
      @ForAll @IntRange(min = 1, max = 70_000) int buffer) {
    byte[] plain =
        text ? CompressionConformance.text(size, size) : CompressionConformance.noise(size);
    byte[] wire = packed(plain);
    assertThat(wire.length).isLessThanOrEqualTo(size + 3 * (1 + size / Blocks.MOST));
    assertThat(unpacked(wire, come, piece, buffer)).isEqualTo(plain);
  }

  @Test
  void headsThatLieAreRefused() {
    assertThat(refusal(0x00).code()).isEqualTo(KernelCode.MALFORMED);
    assertThat(refusal(0x01).code()).isEqualTo(KernelCode.MALFORMED);
    assertThat(refusal(0x82, 0x80, 0x08).code()).isEqualTo(TransportCode.FRAME_TOO_LARGE);
    assertThat(refusal(0xFF, 0xFF, 0xFF, 0x01).code()).isEqualTo(TransportCode.FRAME_TOO_LARGE);
    assertThat(refusal(0x80).getMessage()).contains("ended inside");
    assertThat(refusal(0x14, 1, 2, 3).getMessage()).contains("ended inside");
    assertThat(refusal(0x15).getMessage()).contains("ended inside");
    assertThat(refusal(0x15, 0).getMessage()).contains("deflated to 0");
    assertThat(refusal(0x15, 10).getMessage()).contains("deflated to 10");
    assertThat(refusal(0x15, 2, 0xFF, 0xFF).getMessage()).contains("not deflate");
  }

  @Test
  void aDeflatedBlockHoldsExactlyWhatItSays() {
    // "aaaaaaaaaa" by a fixed code: 4b 84 03 00, ten bytes.
    int[] good = {0x15, 4, 0x4B, 0x84, 0x03, 0x00};
    byte[] wire = new byte[good.length];
    for (int i = 0; i < good.length; i++) {
      wire[i] = (byte) good[i];
    }
    assertThat(unpacked(wire))
        .isEqualTo("aaaaaaaaaa".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    assertThat(refusal(0x13, 4, 0x4B, 0x84, 0x03, 0x00).getMessage()).contains("does not hold");
    assertThat(refusal(0x17, 4, 0x4B, 0x84, 0x03, 0x00).getMessage()).contains("does not hold");
    assertThat(refusal(0x15, 3, 0x4B, 0x84, 0x03).getMessage()).contains("does not hold");
    assertThat(refusal(0x15, 5, 0x4B, 0x84, 0x03, 0x00, 0x00).getMessage())
        .contains("does not hold");
    assertThat(unpacked(wire)).as("what failed before leaves no trace").hasSize(10);
  }

  @Test
  void damagedBlocksAreReadOrRefused() {
    var frames =
        List.of(
            packed(CompressionConformance.text(100, 1)),
            packed(CompressionConformance.text(3000, 2)),
            packed(CompressionConformance.noise(500)),
            packed(CompressionConformance.text(100_000, 3)));
    var outcome =
        Mutations.of(frames, 7)
            .run(
                20_000,
                Duration.ofSeconds(3),
                List.of(wire ->
                    assertThat(unpacked(wire).length).isLessThanOrEqualTo(wire.length * 1100)));
    assertThat(outcome.read()).isPositive();
    assertThat(outcome.read()).isLessThan(outcome.frames());
  }
}
