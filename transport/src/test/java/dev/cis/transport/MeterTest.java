package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class MeterTest {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1_000 * MILLI;

  /** Adds so many bytes every ten milliseconds for so many seconds; answers when it ended. */
  private static long flow(Meter meter, long from, int bytes, int seconds) {
    long now = from;
    for (int i = 0; i < seconds * 100; i++) {
      meter.add(bytes, now);
      now += 10 * MILLI;
    }
    return now;
  }

  @Test
  void aSteadyFlowReadsTheSameInBothRatesFromTheStart() {
    var meter = new Meter(7 * SECOND);
    long now = flow(meter, 7 * SECOND, 1_000, 3);
    assertThat(meter.rates(now).total()).isEqualTo(300_000);
    assertThat(meter.rates(now).second()).isCloseTo(100_000, within(100.0));
    assertThat(meter.rates(now).minute()).isCloseTo(100_000, within(100.0));
  }

  @Test
  void theSecondForgetsSoonAndTheMinuteSlowly() {
    var meter = new Meter(0);
    long now = flow(meter, 0, 1_000, 120) + 6 * SECOND;
    assertThat(meter.rates(now).second()).isLessThan(1_000);
    assertThat(meter.rates(now).minute()).isBetween(88_000.0, 93_000.0);
    assertThat(meter.rates(now + 600 * SECOND).minute()).isLessThan(10);
    assertThat(meter.rates(now).total()).isEqualTo(12_000_000);
  }

  @Test
  void aBurstAfterALongSilenceCountsWhenItComes() {
    var meter = new Meter(0);
    long later = 1_000 * SECOND;
    meter.add(250_000, later);
    // One tick of a quarter second at a million bytes a second.
    double expected = 1_000_000 * (1 - Math.exp(-0.25));
    assertThat(meter.rates(later + 250 * MILLI).second()).isCloseTo(expected, within(1.0));
  }

  @Property(tries = 50)
  void lookingInBetweenChangesNothing(
      @ForAll @Size(min = 1, max = 60) List<@IntRange(min = 1, max = 900) Integer> pauses) {
    var watched = new Meter(0);
    var left = new Meter(0);
    long now = 0;
    for (int pause : pauses) {
      watched.add(pause, now);
      left.add(pause, now);
      now += pause * MILLI;
      watched.rates(now);
    }
    var seen = watched.rates(now);
    var unseen = left.rates(now);
    assertThat(unseen.total()).isEqualTo(seen.total());
    assertThat(unseen.second()).isCloseTo(seen.second(), within(1e-6));
    assertThat(unseen.minute()).isCloseTo(seen.minute(), within(1e-6));
  }

  @Test
  void nothingIsLostWhenManyCount() throws Exception {
    var meter = new Meter(0);
    var threads = new ArrayList<Thread>();
    for (int i = 0; i < 8; i++) {
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                for (int j = 0; j < 10_000; j++) {
                  meter.add(3, j * MILLI);
                }
              }));
    }
    for (var thread : threads) {
      thread.join();
    }
    assertThat(meter.total()).isEqualTo(240_000);
  }
}
