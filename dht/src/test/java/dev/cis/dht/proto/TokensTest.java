package dev.cis.dht.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.wire.Bytes;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TokensTest {
  private static final Duration FIVE = Duration.ofMinutes(5);

  private final Tokens tokens = new Tokens(new SplittableRandom(1), FIVE);

  @Test
  void aTokenIsGoodForItsOwnerAtItsAddressOnly() {
    var token = tokens.issue(Duration.ZERO, People.id(1), "203.0.113.1");
    assertThat(token.size()).isEqualTo(Tokens.BYTES);
    assertThat(tokens.accepts(FIVE, token, People.id(1), "203.0.113.1")).isTrue();
    assertThat(tokens.accepts(FIVE, token, People.id(2), "203.0.113.1")).isFalse();
    assertThat(tokens.accepts(FIVE, token, People.id(1), "203.0.113.2")).isFalse();
    assertThat(tokens.accepts(FIVE, Bytes.EMPTY, People.id(1), "203.0.113.1")).isFalse();
    var other = new Tokens(new SplittableRandom(2), FIVE);
    assertThat(other.accepts(FIVE, token, People.id(1), "203.0.113.1")).isFalse();
  }

  @Test
  void anOldTokenIsGoodNoMore() {
    var token = tokens.issue(Duration.ofMinutes(1), People.id(1), "h");
    assertThat(tokens.accepts(Duration.ofMinutes(6), token, People.id(1), "h")).isTrue();
    assertThat(tokens.accepts(Duration.ofMinutes(12), token, People.id(1), "h")).isFalse();
    var later = tokens.issue(Duration.ofMinutes(13), People.id(1), "h");
    assertThat(later).isNotEqualTo(token);
    // After a long silence both secrets are new.
    assertThat(tokens.accepts(Duration.ofHours(1), later, People.id(1), "h")).isFalse();
  }
}
