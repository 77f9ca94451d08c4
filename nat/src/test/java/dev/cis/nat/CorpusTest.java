package dev.cis.nat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.sim.Corpus;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What a fuzzer once found stays tested. */
class CorpusTest {
  @Test
  void everyInputIsReadOrRefused() {
    var corpus = Corpus.read(Path.of("src/test/corpus/nat"));
    var outcome = corpus.replay(new FuzzTargets());
    assertThat(outcome.inputs()).isPositive();
    assertThat(outcome.read()).isBetween(1, outcome.inputs() - 1);
  }
}
