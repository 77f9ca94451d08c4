package dev.cis.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.sim.Corpus;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What was once found to be hard stays tested. Nothing on a LAN is refused loudly. */
class CorpusTest {
  @Test
  void everyInputIsReadOrIgnored() {
    var outcome = Corpus.read(Path.of("src/test/corpus/discovery")).replay(new FuzzTargets());
    assertThat(outcome.inputs()).isPositive();
    assertThat(outcome.read()).isEqualTo(outcome.inputs());
  }
}
