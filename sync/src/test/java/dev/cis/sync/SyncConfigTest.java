package dev.cis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SyncConfigTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  @Test
  void theDefaultsAreThoseDocumented() {
    assertThat(SyncConfig.DEFAULT)
        .isEqualTo(new SyncConfig(Duration.ofSeconds(30), Duration.ofSeconds(4), 1000));
  }

  @Test
  void thePaceTakesWhatWasConfigured() {
    var pace = new SyncConfig(Duration.ofSeconds(7), SECOND, 0).pace();
    assertThat(pace.interval()).isEqualTo(Duration.ofSeconds(7));
    assertThat(pace.timeout()).isEqualTo(SECOND);
  }

  @Test
  void theSmallestAndLargestAreTakenAndWhatIsBeyondIsRefusedByName() {
    var least = Duration.ofMillis(100);
    assertThat(new SyncConfig(least, Duration.ofMillis(1), 1_000_000).interval()).isEqualTo(least);
    refused(Duration.ofMillis(99), SECOND, 0, "sync.interval");
    refused(SECOND.negated(), SECOND, 0, "sync.interval");
    refused(SECOND, Duration.ZERO, 0, "sync.timeout");
    refused(SECOND, SECOND, -1, "sync.conflicts");
    refused(SECOND, SECOND, 1_000_001, "sync.conflicts");
  }

  private static void refused(Duration interval, Duration timeout, int conflicts, String named) {
    assertThatThrownBy(() -> new SyncConfig(interval, timeout, conflicts))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(named);
  }
}
