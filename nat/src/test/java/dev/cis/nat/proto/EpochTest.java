package dev.cis.nat.proto;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** RFC 6887 section 8.5. */
class EpochTest {
  private final Epoch epoch = new Epoch();

  private boolean restarted(int uptime, long seconds) {
    return epoch.restarted(Duration.ofSeconds(uptime), seconds);
  }

  @Test
  void clocksThatRunALittleApartAreNoRestart() {
    assertThat(restarted(10, 5_000)).isFalse();
    assertThat(restarted(1_810, 6_750)).isFalse();
    assertThat(restarted(1_811, 6_749)).isFalse();
    assertThat(restarted(3_600, 8_580)).isFalse();
  }

  @Test
  void secondsThatGoBackwardsAreARestart() {
    assertThat(restarted(10, 5_000)).isFalse();
    assertThat(restarted(20, 4_998)).isTrue();
  }

  @Test
  void secondsThatStoodStillAreARestart() {
    assertThat(restarted(10, 5_000)).isFalse();
    assertThat(restarted(130, 5_060)).isTrue();
  }
}
