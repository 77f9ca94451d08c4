package dev.cis.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class DhtOptionsTest {
  @Test
  void whatIsNotSaidIsAsInTheHelp() {
    assertThat(DhtOptions.read(List.of())).isEqualTo(new DhtOptions("all", 1, 10_000, 10, 5_000));
  }

  @Test
  void eachOptionIsRead() {
    var words = "--scenario sybil --seed 7 --nodes 500 --minutes 3 --lookups 40".split(" ", -1);
    assertThat(DhtOptions.read(List.of(words))).isEqualTo(new DhtOptions("sybil", 7, 500, 3, 40));
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    for (var words :
        List.of(
            List.of("--nodes"),
            List.of("--nodes", "1"),
            List.of("--nodes", "many"),
            List.of("--scenario", "flood"),
            List.of("--colour", "red"))) {
      assertThatThrownBy(() -> DhtOptions.read(words)).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
