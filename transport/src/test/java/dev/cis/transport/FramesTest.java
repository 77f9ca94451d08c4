package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.sim.Mutations;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Cutting frames out of pieces. */
class FramesTest {
  private static final int LIMIT = 70_000;

  private static byte[] framed(List<byte[]> messages) {
    var out = new ByteArrayOutputStream();
    messages.forEach(message -> out.writeBytes(FramedStream.framed(message)));
    return out.toByteArray();
  }

  private static List<byte[]> cut(Frames frames, byte[] bytes, int piece) {
    var found = new ArrayList<byte[]>();
    for (int at = 0; at < bytes.length; at += piece) {
      var some = ByteBuffer.wrap(bytes, at, Math.min(piece, bytes.length - at));
      byte[] frame;
      while ((frame = frames.next(some)) != null) {
        found.add(frame);
      }
      assertThat(some.hasRemaining()).isFalse();
    }
    return found;
  }

  @Property(tries = 500)
  void framesAreTheSameHoweverTheyArrive(
      @ForAll @Size(max = 8) List<byte[]> messages,
      @ForAll @IntRange(min = 1, max = 40) int piece) {
    var all = new ArrayList<>(messages);
    all.add(new byte[LIMIT]);
    var frames = new Frames(LIMIT, _ -> true);
    assertThat(cut(frames, framed(all), piece * piece)).containsExactlyElementsOf(all);
    assertThat(frames.isInside()).isFalse();
  }

  @Test
  void tooLongAFrameIsRefusedByItsLength() {
    for (var length : List.of(new byte[] {-15, -94, 4}, new byte[] {-1, -1, -1, -1, -1, 1})) {
      var frames = new Frames(LIMIT, _ -> true);
      assertThatThrownBy(() -> frames.next(ByteBuffer.wrap(length)))
          .isInstanceOfSatisfying(
              Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.FRAME_TOO_LARGE));
    }
  }

  @Test
  void aFrameWithoutRoomIsRefusedBeforeItsBody() {
    var asked = new ArrayList<Integer>();
    var frames =
        new Frames(
            LIMIT,
            length -> {
              asked.add(length);
              return length < 1000;
            });
    assertThat(cut(frames, framed(List.of(new byte[900])), 100)).hasSize(1);
    assertThatThrownBy(() -> cut(frames, framed(List.of(new byte[1000])), 100))
        .isInstanceOfSatisfying(
            Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.BUSY));
    assertThat(asked).containsExactly(900, 1000);
  }

  @Test
  void anyBytesAreCutOrRefused() {
    var valid = framed(List.of(new byte[3], new byte[300], new byte[0], new byte[20_000]));
    List<Consumer<byte[]>> decoders =
        List.of(bytes -> cut(new Frames(LIMIT, _ -> true), bytes, 1 + bytes.length / 3));
    var outcome = Mutations.of(List.of(valid), 5).run(50_000, Duration.ofSeconds(2), decoders);
    assertThat(outcome.read()).isPositive();
  }
}
