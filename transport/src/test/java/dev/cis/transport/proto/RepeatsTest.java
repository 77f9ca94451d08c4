package dev.cis.transport.proto;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is sent again, and when. */
class RepeatsTest {
  private final Repeats<String> repeats = new Repeats<>();

  private static Duration ms(long millis) {
    return Duration.ofMillis(millis);
  }

  @Test
  void anUnansweredFlightIsRepeatedThreeTimesAndThenLeftToQuic() {
    repeats.asked("a", "hello", ms(10));
    repeats.asked("a", "more", ms(11));
    var sent = new ArrayList<Long>();
    for (long now = 0; now < 10_000; now++) {
      var again = repeats.due(ms(now));
      if (!again.isEmpty()) {
        assertThat(again).containsExactly("hello", "more");
        sent.add(now);
      }
    }
    assertThat(sent).containsExactly(161L, 361L, 661L);
    assertThat(repeats.next()).isEmpty();
    // QUIC's own second try does not begin it anew.
    repeats.asked("a", "hello, later", ms(10_000));
    assertThat(repeats.due(ms(20_000))).isEmpty();
  }

  @Test
  void anAnswerEndsItAndTheNextFlightIsAnother() {
    repeats.asked("a", "hello", ms(0));
    repeats.asked("b", "hello", ms(5));
    repeats.answered("a");
    repeats.asked("a", "finished", ms(20));
    assertThat(repeats.next()).contains(ms(155));
    assertThat(repeats.due(ms(154))).isEmpty();
    assertThat(repeats.due(ms(155))).containsExactly("hello");
    assertThat(repeats.due(ms(170))).containsExactly("finished");
    repeats.answered("a");
    repeats.forget("b");
    assertThat(repeats.isWaiting()).isFalse();
    assertThat(repeats.next()).isEmpty();
    assertThat(repeats.due(ms(5_000))).isEmpty();
  }

  @Test
  void onlyAFewPacketsAreKept() {
    for (int i = 0; i < 100; i++) {
      repeats.asked("a", "packet " + i, ms(0));
    }
    assertThat(repeats.due(ms(1_000))).hasSize(4).startsWith("packet 0");
  }

  @Test
  void aQuestionThatComesAgainHasTheSameAnswer() {
    assertThat(repeats.questioned("x", 1)).as("the first time").isEmpty();
    repeats.replied("x", "certificate");
    repeats.replied("x", "finished");
    repeats.replied("nobody", "ignored");
    assertThat(repeats.questioned("x", 2)).as("another packet").isEmpty();
    for (int i = 0; i < 3; i++) {
      assertThat(repeats.questioned("x", 1)).containsExactly("certificate", "finished");
    }
    assertThat(repeats.questioned("x", 1)).as("no more than that").isEmpty();
  }

  @Test
  void aQuestionThatHadNoAnswerGoesToQuic() {
    assertThat(repeats.questioned("x", 1)).isEmpty();
    assertThat(repeats.questioned("x", 1)).isEmpty();
    repeats.replied("x", "late");
    assertThat(repeats.questioned("x", 1)).containsExactly("late");
  }

  @Test
  void strangersCannotFillIt() {
    var _ = repeats.questioned("first", 1);
    repeats.replied("first", "answer");
    for (int i = 0; i < 255; i++) {
      var _ = repeats.questioned("x" + i, i);
      for (int k = 0; k < 50; k++) {
        repeats.replied("x" + i, "answer");
      }
    }
    assertThat(repeats.questioned("first", 1)).isEqualTo(List.of("answer"));
    var _ = repeats.questioned("one more", 1);
    assertThat(repeats.questioned("first", 1)).as("the oldest had to go").isEmpty();
    assertThat(repeats.questioned("x254", 254)).hasSize(4);
  }
}
