package dev.cis.nat.proto;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RatesTest {
  @Test
  void aHolderSpendsItsBucketAndGetsItBackWithTime() {
    var rates = new Rates<String>(0.5, 3, 10);
    var now = Duration.ofHours(1);
    for (int i = 0; i < 3; i++) {
      assertThat(rates.take("a", now)).isTrue();
    }
    assertThat(rates.take("a", now)).isFalse();
    assertThat(rates.take("b", now)).isTrue();
    assertThat(rates.take("a", now.plusSeconds(1))).isFalse();
    assertThat(rates.take("a", now.plusSeconds(2))).isTrue();
    assertThat(rates.take("a", now.plusSeconds(2))).isFalse();
    assertThat(rates.take("a", now.plusHours(1))).isTrue();
  }

  @Test
  void onlySoManyHoldersAreRemembered() {
    var rates = new Rates<Integer>(1, 1, 10);
    for (int i = 0; i < 1_000; i++) {
      assertThat(rates.take(i, Duration.ZERO)).isTrue();
    }
    assertThat(rates.size()).isEqualTo(10);
    assertThat(rates.take(999, Duration.ZERO)).isFalse();
  }
}
