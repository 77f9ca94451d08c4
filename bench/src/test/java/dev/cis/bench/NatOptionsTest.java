package dev.cis.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class NatOptionsTest {
  @Test
  void whatIsNotSaidIsAsInTheHelp() {
    assertThat(NatOptions.read(List.of())).isEqualTo(new NatOptions(0, 1, NatOptions.HOSTS, true));
  }

  @Test
  void eachOptionIsRead() {
    var words = "--loss 5 --repeat 50 --hosts c1,pub2,a1 --libp2p off".split(" ", -1);
    assertThat(NatOptions.read(List.of(words)))
        .isEqualTo(new NatOptions(5, 50, List.of("c1", "pub2", "a1"), false));
    assertThat(NatOptions.read(List.of("--libp2p", "on")).libp2p()).isTrue();
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    for (var words :
        List.of(
            List.of("--loss"),
            List.of("--loss", "51"),
            List.of("--loss", "much"),
            List.of("--repeat", "0"),
            List.of("--hosts", "a1"),
            List.of("--hosts", "a1,z1"),
            List.of("--hosts", "a1,a1"),
            List.of("--libp2p", "maybe"),
            List.of("--colour", "red"))) {
      assertThatThrownBy(() -> NatOptions.read(words)).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
