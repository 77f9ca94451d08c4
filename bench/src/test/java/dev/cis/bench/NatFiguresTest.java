package dev.cis.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NatFiguresTest {
  private static NatPair pair(
      String expected, @Nullable String path, double first, @Nullable Double settled) {
    return new NatPair("a1", "b1", expected, path, first, settled, "");
  }

  @Test
  void whatWasNotMadeHasNoTimes() {
    var figures =
        new NatFigures(
            List.of(
                pair("direct", "direct", 40, 90.0),
                pair("direct", "relay", 60, null),
                pair("relay", "relay", 80, 80.0),
                pair("direct", null, 0, null)));
    assertThat(figures.made()).isEqualTo(75);
    assertThat(figures.direct()).isEqualTo(25);
    assertThat(figures.first(0.5)).isEqualTo(60);
    assertThat(figures.first(0.99)).isEqualTo(80);
    assertThat(figures.settled(0.5)).isEqualTo(90);
    assertThat(figures.notes())
        .containsEntry("as_theory_percent", 50.0)
        .containsEntry("direct_within_3s_percent", 33.3);
  }

  @Test
  void theRatioIsOursByTheirs() {
    var ours = new NatFigures(List.of(pair("direct", "direct", 30, 60.0)));
    var theirs =
        new NatFigures(List.of(pair("direct", "direct", 60, 240.0), pair("direct", null, 0, null)));
    assertThat(theirs.beside(ours, 1))
        .containsEntry("libp2p_n", 2)
        .containsEntry("libp2p_percent", 50.0)
        .containsEntry("libp2p_dead_direct", 1)
        .containsEntry("ratio_to_libp2p", 2.0)
        .containsEntry("p50_ratio_to_libp2p", 0.5)
        .containsEntry("direct_p50_ratio_to_libp2p", 0.25);
  }

  @Test
  void whoNeverConnectedLeavesNoInfinities() {
    var none = new NatFigures(List.of(pair("direct", null, 0, null)));
    var ours = new NatFigures(List.of(pair("direct", "direct", 30, 60.0)));
    assertThat(none.beside(ours, 0))
        .containsEntry("libp2p_percent", 0.0)
        .doesNotContainKeys("ratio_to_libp2p", "p50_ratio_to_libp2p", "direct_ratio_to_libp2p");
  }
}
