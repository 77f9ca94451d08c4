package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

/** Token bucket and queue in virtual time. */
class ShaperTest {
  private static final long SECOND = 1_000_000_000;

  /** Someone who always has more to send. */
  private static final class Sender {
    final Priority priority;
    final int piece;
    long passed;
    Shaper.Ticket ticket;

    Sender(Shaper shaper, Priority priority, int piece) {
      this.priority = priority;
      this.piece = piece;
      this.ticket = shaper.enter(priority);
    }
  }

  /** Lets the senders pass until the time, and answers that time. */
  private static long run(Shaper shaper, List<Sender> senders, long from, long until) {
    long now = from;
    while (true) {
      var first = shaper.first();
      var sender = senders.stream().filter(s -> s.ticket.equals(first)).findFirst().orElseThrow();
      long wait = shaper.waits(sender.ticket, now);
      if (now + wait > until) {
        return until;
      }
      now += wait;
      assertThat(shaper.waits(sender.ticket, now)).isZero();
      shaper.pass(sender.ticket, sender.piece, now);
      sender.passed += sender.piece;
      sender.ticket = shaper.enter(sender.priority);
    }
  }

  private static Shaper shaper(long rate) {
    return new Shaper(new TokenBucket(rate, 0));
  }

  private static List<Sender> senders(Shaper shaper, int count, Priority priority, int piece) {
    var all = new ArrayList<Sender>();
    for (int i = 0; i < count; i++) {
      all.add(new Sender(shaper, priority, piece));
    }
    return all;
  }

  private static long sum(List<Sender> senders) {
    return senders.stream().mapToLong(s -> s.passed).sum();
  }

  @Property(tries = 30)
  void theRateHoldsWhateverThePiecesAndHoweverManyTheSenders(
      @ForAll @LongRange(min = 1024, max = 2_000_000_000L) long rate,
      @ForAll @IntRange(min = 1, max = TokenBucket.QUANTUM) int piece,
      @ForAll @IntRange(min = 1, max = 20) int count) {
    var shaper = shaper(rate);
    long burst = (long) Math.max(TokenBucket.QUANTUM, rate / 10.0);
    shaper.bucket().take(burst, 0);
    var senders = senders(shaper, count, Priority.BULK, piece);
    // Long enough for some hundred pieces.
    long until = (long) (500.0 * piece / rate * SECOND);
    run(shaper, senders, 0, until);
    double due = rate * (until / 1e9);
    assertThat((double) sum(senders)).isBetween(due - 2.0 * piece, due + 2.0 * piece);
  }

  @Test
  void thoseAlikeShareEvenly() {
    var shaper = shaper(1_000_000);
    var senders = senders(shaper, 7, Priority.INTERACTIVE, 16 << 10);
    run(shaper, senders, 0, 10 * SECOND);
    for (var sender : senders) {
      assertThat((double) sender.passed).isCloseTo(sum(senders) / 7.0, within(17_000.0));
    }
  }

  @Test
  void interactiveGoesBeforeBulkThatCameEarlier() {
    var shaper = shaper(1_000_000);
    var bulk = senders(shaper, 20, Priority.BULK, 16 << 10);
    long now = run(shaper, bulk, 0, SECOND);
    var call = shaper.enter(Priority.INTERACTIVE);
    // It waits for one piece's debt at most, not for the twenty before it.
    assertThat(shaper.waits(call, now)).isLessThanOrEqualTo(SECOND * (16 << 10) / 1_000_000 + 1);
  }

  @Test
  void whoLeavesMakesRoomForTheNext() {
    var shaper = shaper(1_000_000);
    var first = shaper.enter(Priority.BULK);
    var second = shaper.enter(Priority.BULK);
    assertThat(shaper.waits(second, 0)).isEqualTo(Long.MAX_VALUE);
    shaper.leave(first);
    assertThat(shaper.waits(second, 0)).isZero();
  }

  @Test
  void aChangedRateCountsFromThenOn() {
    var shaper = shaper(1_000_000);
    var senders = senders(shaper, 3, Priority.BULK, 1000);
    long now = run(shaper, senders, 0, 10 * SECOND);
    long before = sum(senders);
    assertThat((double) before).isCloseTo(10_000_000 + 100_000, within(4_000.0));
    shaper.bucket().rate(50_000, now);
    now = run(shaper, senders, now, now + 100 * SECOND);
    long slow = sum(senders) - before;
    assertThat((double) slow).isCloseTo(5_000_000, within(17_000.0));
    shaper.bucket().rate(3_000_000, now);
    run(shaper, senders, now, now + 10 * SECOND);
    assertThat((double) sum(senders) - before - slow).isCloseTo(30_000_000, within(4_000.0));
  }

  @Test
  void whatIsSpentWithoutWaitingIsPaidByThoseWhoWait() {
    var shaper = shaper(1_000_000);
    var senders = senders(shaper, 1, Priority.BULK, 1000);
    shaper.bucket().take(4_000_000, 0);
    run(shaper, senders, 0, 10 * SECOND);
    assertThat((double) sum(senders)).isCloseTo(6_100_000, within(2_000.0));
  }
}
