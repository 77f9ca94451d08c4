package dev.cis.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BinaryOperator;
import java.util.function.Supplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Replicas that change at random and now and then merge with each other reach states that obey the
 * laws, and reach them by deltas as well as by full states.
 */
class MergeLawsTest {
  private static final int REPLICAS = 3;
  private static final int STEPS = 24;

  static NodeId node(int number) {
    var bytes = new byte[NodeId.BYTES];
    bytes[0] = (byte) number;
    return NodeId.of(bytes);
  }

  /** One kind of value: how a replica changes it, as a delta. */
  private interface Change<T> {
    T delta(T state, int replica, Random random);
  }

  private <T> void holds(long seed, Supplier<T> zero, BinaryOperator<T> merge, Change<T> change) {
    var random = new Random(seed);
    var states = new ArrayList<T>();
    var deltas = new ArrayList<T>();
    for (int i = 0; i < REPLICAS; i++) {
      states.add(zero.get());
    }
    for (int step = 0; step < STEPS; step++) {
      int at = random.nextInt(REPLICAS);
      if (random.nextInt(4) == 0) {
        states.set(at, merge.apply(states.get(at), states.get(random.nextInt(REPLICAS))));
      } else {
        var delta = change.delta(states.get(at), at, random);
        deltas.add(delta);
        states.set(at, merge.apply(states.get(at), delta));
      }
    }
    laws(states, merge);
    var byStates = states.stream().reduce(zero.get(), merge);
    java.util.Collections.shuffle(deltas, random);
    var twice = new ArrayList<>(deltas);
    twice.addAll(deltas);
    assertThat(twice.stream().reduce(zero.get(), merge)).isEqualTo(byStates);
    laws(deltas.subList(0, Math.min(3, deltas.size())), merge);
  }

  private static <T> void laws(List<T> states, BinaryOperator<T> merge) {
    for (T a : states) {
      assertThat(merge.apply(a, a)).isEqualTo(a);
      for (T b : states) {
        var ab = merge.apply(a, b);
        assertThat(ab).isEqualTo(merge.apply(b, a));
        assertThat(merge.apply(ab, b)).isEqualTo(ab);
        for (T c : states) {
          assertThat(merge.apply(ab, c)).isEqualTo(merge.apply(a, merge.apply(b, c)));
        }
      }
    }
  }

  @Property(tries = 100)
  void growOnlyCountersMerge(@ForAll long seed) {
    holds(
        seed,
        () -> GCounter.ZERO,
        GCounter::merge,
        (state, at, random) -> state.add(node(at), random.nextInt(10)));
  }

  @Property(tries = 100)
  void countersMerge(@ForAll long seed) {
    holds(
        seed,
        () -> PnCounter.ZERO,
        PnCounter::merge,
        (state, at, random) -> state.add(node(at), random.nextInt(21) - 10));
  }

  @Property(tries = 100)
  void setsMerge(@ForAll long seed) {
    holds(
        seed,
        OrSet::<Integer>empty,
        OrSet::merge,
        (state, at, random) ->
            random.nextInt(3) == 0
                ? state.remove(random.nextInt(5))
                : state.add(node(at), random.nextInt(5)));
  }

  @Property(tries = 100)
  void mapsMerge(@ForAll long seed) {
    var time = new long[] {0};
    holds(
        seed,
        LwwMap::<Integer, Long>empty,
        LwwMap::merge,
        (_, at, random) -> {
          var stamp = HybridTime.of(random.nextInt(5), (int) time[0]++);
          return random.nextInt(3) == 0
              ? LwwMap.remove(random.nextInt(5), stamp, node(at))
              : LwwMap.put(random.nextInt(5), random.nextLong(), stamp, node(at));
        });
  }

  @Property(tries = 100)
  void vectorClocksMerge(@ForAll long seed) {
    holds(
        seed,
        () -> VectorClock.EMPTY,
        VectorClock::merge,
        (state, at, _) -> state.with(new Dot(node(at), state.get(node(at)) + 1)));
  }

  @Property(tries = 100)
  void versionVectorsMerge(@ForAll long seed) {
    holds(
        seed,
        () -> VersionVector.EMPTY,
        VersionVector::union,
        (_, at, random) -> VersionVector.EMPTY.with(new Dot(node(at), 1 + random.nextInt(20))));
  }
}
