package dev.cis.transport.proto;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PaceTest {
  @Test
  void aBurstGoesAtOnceAndTheRestAtTheRate() {
    var pace = new Pace(10, 20, Duration.ZERO);
    for (int i = 0; i < 20; i++) {
      assertThat(pace.take(Duration.ZERO)).isZero();
    }
    for (int i = 1; i <= 5; i++) {
      assertThat(pace.take(Duration.ZERO).toMillis()).isEqualTo(100L * i);
    }
  }

  @Test
  void aTokenPutBackIsThereForTheNext() {
    var pace = new Pace(1, 1, Duration.ZERO);
    assertThat(pace.tryTake(Duration.ZERO)).isTrue();
    assertThat(pace.take(Duration.ZERO)).isEqualTo(Duration.ofSeconds(1));
    pace.putBack();
    assertThat(pace.take(Duration.ZERO)).isEqualTo(Duration.ofSeconds(1));
    assertThat(pace.tryTake(Duration.ofMillis(1900))).isFalse();
    assertThat(pace.tryTake(Duration.ofMillis(2001))).isTrue();
  }

  @Property(tries = 200)
  void overAnyTimeThereAreNoMoreThanTheBurstAndTheRate(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 500) int rate) {
    var random = new SplittableRandom(seed);
    var pace = new Pace(rate, 2.0 * rate, Duration.ZERO);
    var now = Duration.ZERO;
    long taken = 0;
    for (int i = 0; i < 2_000; i++) {
      now = now.plusNanos(random.nextLong(20_000_000));
      taken += pace.tryTake(now) ? 1 : 0;
      assertThat(taken).isLessThanOrEqualTo(2L * rate + rate * now.toMillis() / 1000 + 1);
    }
    assertThat(taken).isPositive();
  }
}
