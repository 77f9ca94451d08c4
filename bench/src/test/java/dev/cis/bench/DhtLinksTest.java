package dev.cis.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DhtLinksTest {
  @Test
  void aConnectionLastsWhileItIsUsedFromEitherSide() {
    var links = new DhtLinks(100);
    assertThat(links.isUp(1, 2, 0)).isFalse();
    links.use(1, 2, 0);
    assertThat(links.isUp(2, 1, 99)).isTrue();
    assertThat(links.isUp(1, 2, 100)).isFalse();
    links.use(2, 1, 99);
    assertThat(links.isUp(1, 2, 150)).isTrue();
    assertThat(links.isUp(1, 3, 150)).isFalse();
  }

  @Test
  void manyArePossibleAndThoseThatEndedMakeRoom() {
    var links = new DhtLinks(1_000);
    for (int i = 0; i < 300_000; i++) {
      links.use(i, i + 1, i);
    }
    for (int i = 0; i < 300_000; i++) {
      assertThat(links.isUp(i + 1, i, 300_000)).isEqualTo(i > 299_000);
    }
  }
}
