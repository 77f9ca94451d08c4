package dev.cis.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class MutationsTest {
  private static final List<byte[]> FRAMES = List.of(new byte[0], new byte[] {8, 1}, new byte[40]);
  private static final Duration LONG = Duration.ofSeconds(30);

  @Test
  void theSameSeedGivesTheSameFrames() {
    var one = Mutations.of(FRAMES, 5);
    var other = Mutations.of(FRAMES, 5);
    for (int i = 0; i < 1_000; i++) {
      assertThat(one.next()).isEqualTo(other.next());
    }
  }

  @Test
  void framesDifferAndTheValidOnesStayAsTheyAre() {
    var seen = new HashSet<String>();
    var valid = new byte[] {10, 3, 1, 2, 3};
    var mutations = Mutations.of(List.of(valid), 6);
    for (int i = 0; i < 1_000; i++) {
      seen.add(HexFormat.of().formatHex(mutations.next()));
    }
    assertThat(seen).hasSizeGreaterThan(500);
    assertThat(valid).containsExactly(10, 3, 1, 2, 3);
  }

  @Test
  void faultsAreFineAndOtherExceptionsFailWithTheFrame() {
    var mutations = Mutations.of(FRAMES, 7);
    Consumer<byte[]> refusing =
        frame -> {
          Arrays.fill(frame, (byte) 9);
          throw new Fault(KernelCode.MALFORMED, "no");
        };
    assertThat(mutations.run(2_000, LONG, List.of(refusing, _ -> {})))
        .isEqualTo(new Mutations.Outcome(2_000, 2_000));
    assertThatThrownBy(() ->
            mutations.run(
                2_000,
                LONG,
                List.of(frame -> {
                  if (frame.length > 3) {
                    throw new IllegalStateException("not so");
                  }
                })))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("seed 7")
        .hasMessageContaining("not so");
  }

  @Test
  void theTimeIsALimitToo() {
    var mutations = Mutations.of(FRAMES, 8);
    var within = Duration.ofMillis(20);
    assertThat(mutations.run(Long.MAX_VALUE, within, List.of(_ -> {})).frames()).isPositive();
  }
}
