package dev.cis.transport.proto;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashSet;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private static final Duration SHORTEST = Duration.ofMillis(500);
  private static final Duration LONGEST = Duration.ofSeconds(60);

  /** Random numbers that are all the same, in [0, 1). */
  private record Always(double value) implements RandomGenerator {
    @Override
    public double nextDouble() {
      return value;
    }

    @Override
    public long nextLong() {
      return 0;
    }
  }

  private static Backoff backoff(double random) {
    return new Backoff(SHORTEST, LONGEST, new Always(random));
  }

  @Test
  void pausesDoubleUpToTheLongest() {
    var backoff = backoff(0.5); // in the middle: neither stretched nor shortened
    var now = Duration.ofHours(5);
    assertThat(backoff.left(now)).isZero();
    for (long expected : new long[] {500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000}) {
      backoff.failed(now);
      assertThat(backoff.left(now)).isEqualTo(Duration.ofMillis(expected));
      now = now.plusMillis(expected - 1);
      assertThat(backoff.left(now)).isEqualTo(Duration.ofMillis(1));
      now = now.plusMillis(1);
      assertThat(backoff.left(now)).isZero();
    }
    assertThat(backoff.failures()).isEqualTo(9);
  }

  @Test
  void attemptsThatFailTogetherCountOnce() {
    var backoff = backoff(0.5);
    for (int i = 0; i < 10; i++) {
      backoff.failed(Duration.ofMillis(i));
    }
    assertThat(backoff.failures()).isOne();
    assertThat(backoff.left(Duration.ZERO)).isEqualTo(SHORTEST);
  }

  @Test
  void successStartsAnew() {
    var backoff = backoff(0.5);
    backoff.failed(Duration.ofSeconds(0));
    backoff.failed(Duration.ofSeconds(10));
    backoff.succeeded();
    assertThat(backoff.left(Duration.ofSeconds(10))).isZero();
    backoff.failed(Duration.ofSeconds(10));
    assertThat(backoff.left(Duration.ofSeconds(10))).isEqualTo(SHORTEST);
  }

  @Test
  void whatDidNotOutlastItsPauseWasNoSuccess() {
    var backoff = backoff(0.5);
    backoff.failed(Duration.ofSeconds(0));
    backoff.failed(Duration.ofSeconds(10)); // pauses 1 s now
    var now = Duration.ofSeconds(20);
    backoff.lasted(now, Duration.ofMillis(900));
    assertThat(backoff.left(now)).isEqualTo(Duration.ofSeconds(2));
    backoff.lasted(now, Duration.ofSeconds(3));
    assertThat(backoff.left(now)).isEqualTo(SHORTEST);
  }

  @Test
  void restIsTheLongestPauseAtOnce() {
    var backoff = backoff(0.5);
    backoff.rest(Duration.ZERO);
    assertThat(backoff.left(Duration.ZERO)).isEqualTo(LONGEST);
  }

  @Property(tries = 200)
  void jitterStaysWithinHalfOfThePauseAndDiffersBetweenNodes(@ForAll long seed) {
    var random = new SplittableRandom(seed);
    var seen = new HashSet<Duration>();
    for (int node = 0; node < 50; node++) {
      var backoff = new Backoff(SHORTEST, LONGEST, random);
      var now = Duration.ZERO;
      for (long pause = 500; pause <= 4000; pause *= 2) {
        backoff.failed(now);
        assertThat(backoff.left(now))
            .isBetween(Duration.ofMillis(pause / 2), Duration.ofMillis(pause * 3 / 2));
        now = now.plus(backoff.left(now));
      }
      seen.add(now);
    }
    assertThat(seen).hasSizeGreaterThan(45);
  }

  @Property(tries = 200)
  void pausesNeverOverflow(@ForAll long seed) {
    var random = new SplittableRandom(seed);
    var longest = Duration.ofDays(300);
    var backoff = new Backoff(Duration.ofDays(1), longest, random);
    var now = Duration.ZERO;
    for (int i = 0; i < 40; i++) {
      backoff.failed(now);
      assertThat(backoff.left(now)).isPositive().isLessThan(longest.multipliedBy(2));
      now = now.plus(backoff.left(now));
    }
  }
}
