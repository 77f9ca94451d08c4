package dev.cis.deploy.proto;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RestartPolicyTest {
  private final RestartPolicy policy =
      new RestartPolicy(RestartPolicy.Numbers.DEFAULT, new SplittableRandom(1));

  @Test
  void waitsDoubleWithJitterAndTheSixthFailureInTenMinutesIsTheLast() {
    var at = Duration.ZERO;
    for (int i = 0; i < 5; i++) {
      long wait = policy.ended(at, Duration.ZERO).orElseThrow().toMillis();
      assertThat(wait).isBetween(750L << i, 1250L << i);
      at = at.plusMillis(wait);
    }
    assertThat(policy.ended(at, Duration.ZERO)).isEmpty();
  }

  @Test
  void aMinuteOfHealthStartsTheWaitsAnew() {
    var first = policy.ended(Duration.ZERO, Duration.ZERO);
    var second = policy.ended(Duration.ofMinutes(1), Duration.ZERO);
    var third = policy.ended(Duration.ofMinutes(3), Duration.ofSeconds(61));
    assertThat(first.orElseThrow()).isLessThan(Duration.ofMillis(1251));
    assertThat(second.orElseThrow()).isGreaterThan(Duration.ofMillis(1499));
    assertThat(third.orElseThrow()).isLessThan(Duration.ofMillis(1251));
  }

  @Test
  void failuresFarApartNeverEndIt() {
    for (int i = 0; i < 100; i++) {
      var wait = policy.ended(Duration.ofMinutes(11L * i), Duration.ZERO).orElseThrow();
      assertThat(wait).isLessThanOrEqualTo(Duration.ofSeconds(75));
    }
  }
}
