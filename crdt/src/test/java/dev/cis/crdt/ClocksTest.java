package dev.cis.crdt;

import static dev.cis.crdt.MergeLawsTest.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import java.time.Instant;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ClocksTest {
  private static final Instant WALL = Instant.parse("2026-11-21T00:00:00Z");

  @Test
  void timeGoesOnWhileTheWallClockStandsOrGoesBack() {
    var clock = new HybridClock(HybridTime.ZERO);
    var first = clock.next(WALL);
    var second = clock.next(WALL);
    var third = clock.next(WALL.minusSeconds(3600));
    assertThat(first.instant()).isEqualTo(WALL);
    assertThat(second).isGreaterThan(first);
    assertThat(third).isGreaterThan(second);
    assertThat(clock.next(WALL.plusMillis(1)).counter()).isZero();
  }

  @Test
  void aFullCounterCarriesIntoTheMilliseconds() {
    var full = HybridTime.of(WALL.toEpochMilli(), 65535);
    var next = new HybridClock(full).next(WALL);
    assertThat(next).isEqualTo(HybridTime.of(WALL.toEpochMilli() + 1, 0));
  }

  @Test
  void whatIsWrittenAfterAnObservationIsLater() {
    var clock = new HybridClock(HybridTime.ZERO);
    var theirs = HybridTime.of(WALL.plusSeconds(60).toEpochMilli(), 7);
    clock.observe(theirs, WALL);
    assertThat(clock.next(WALL)).isGreaterThan(theirs);
  }

  @Test
  void aTimeMoreThanAMinuteAheadIsRefusedAndLeavesTheClockAlone() {
    var clock = new HybridClock(HybridTime.ZERO);
    var before = clock.next(WALL);
    var ahead = HybridTime.of(WALL.plusSeconds(60).toEpochMilli() + 1, 0);
    assertThatThrownBy(() -> clock.observe(ahead, WALL))
        .isInstanceOfSatisfying(
            Fault.class, f -> assertThat(f.code()).isEqualTo(CrdtCode.CLOCK_AHEAD));
    assertThat(clock.last()).isEqualTo(before);
    assertThat(HybridClock.isAhead(new HybridTime(-1), WALL)).isTrue();
  }

  @Test
  void clocksTellCausalityFromConcurrency() {
    var a = VectorClock.EMPTY.with(new Dot(node(1), 3));
    var afterA = a.with(new Dot(node(2), 1));
    var beside = VectorClock.EMPTY.with(new Dot(node(2), 5));
    assertThat(a.compare(a)).isEqualTo(Causality.EQUAL);
    assertThat(a.compare(afterA)).isEqualTo(Causality.BEFORE);
    assertThat(afterA.compare(a)).isEqualTo(Causality.AFTER);
    assertThat(afterA.compare(beside)).isEqualTo(Causality.CONCURRENT);
    assertThat(VectorClock.EMPTY.compare(a)).isEqualTo(Causality.BEFORE);
    var zero = new TreeMap<dev.cis.kernel.identity.NodeId, Long>();
    zero.put(node(1), 0L);
    assertThatThrownBy(() -> VectorClock.of(zero)).isInstanceOf(IllegalArgumentException.class);
  }

  private static Ranges ranges(Iterable<Integer> numbers) {
    var ranges = Ranges.EMPTY;
    for (int number : numbers) {
      ranges = ranges.with(number);
    }
    return ranges;
  }

  private static java.util.Set<Integer> numbers(Ranges ranges) {
    var numbers = new TreeSet<Integer>();
    for (int i = 0; i < 100; i++) {
      if (ranges.contains(i)) {
        numbers.add(i);
      }
    }
    return numbers;
  }

  @Property(tries = 500)
  void rangesAreSets(
      @ForAll @Size(max = 30) java.util.Set<@IntRange(min = 1, max = 40) Integer> left,
      @ForAll @Size(max = 30) java.util.Set<@IntRange(min = 1, max = 40) Integer> right) {
    var a = ranges(left);
    var b = ranges(right);
    assertThat(numbers(a)).isEqualTo(left);
    assertThat(a.size()).isEqualTo(left.size());
    var union = new TreeSet<>(left);
    union.addAll(right);
    assertThat(numbers(a.union(b))).isEqualTo(union);
    assertThat(a.union(b)).isEqualTo(ranges(union));
    var minus = new TreeSet<>(left);
    minus.removeAll(right);
    assertThat(numbers(a.minus(b))).isEqualTo(minus);
    assertThat(a.containsAll(b)).isEqualTo(left.containsAll(right));
    assertThat(left).containsAll(numbers(a.lowest(2)));
    assertThat(numbers(a.coarse(2))).containsAll(left);
    for (int i = 1; i < a.count(); i++) {
      assertThat(a.first(i)).isGreaterThan(a.last(i - 1) + 1);
    }
  }

  @Test
  void aSetKeepsWhatWasAddedWhileAnotherRemovedIt() {
    var both = OrSet.<String>empty();
    both = both.merge(both.add(node(1), "x"));
    var removed = both.merge(both.remove("x"));
    var addedAgain = both.merge(both.add(node(2), "x"));
    assertThat(removed.contains("x")).isFalse();
    assertThat(removed.merge(addedAgain).contains("x")).isTrue();
    assertThat(removed.merge(both).elements()).isEmpty();
    assertThat(removed.dots()).isEmpty();
  }

  @Test
  void countersCountUpAndDown() {
    var counter = PnCounter.ZERO;
    counter = counter.merge(counter.add(node(1), 5));
    counter = counter.merge(counter.add(node(2), -7));
    assertThat(counter.value()).isEqualTo(-2);
    assertThatThrownBy(() -> GCounter.ZERO.add(node(1), -1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
