package dev.cis.sim;

import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Runs a scenario from many seeds. */
public final class Seeds {
  private static final String PROPERTY = "cis.seed";

  private Seeds() {}

  /**
   * Runs the scenario from seeds 1 to {@code count}, or only from the seed in {@code -Dcis.seed}. A
   * failure names its seed.
   */
  public static void each(int count, LongConsumer scenario) {
    @Nullable Long only = Long.getLong(PROPERTY);
    if (only != null) {
      run(only, scenario);
      return;
    }
    for (long seed = 1; seed <= count; seed++) {
      run(seed, scenario);
    }
  }

  /**
   * The same on all processors: the scenario is called from several threads, each call with a
   * simulation of its own. Of several failures one is reported.
   */
  public static void eachInParallel(int count, LongConsumer scenario) {
    @Nullable Long only = Long.getLong(PROPERTY);
    if (only != null) {
      run(only, scenario);
    } else {
      LongStream.rangeClosed(1, count).parallel().forEach(seed -> run(seed, scenario));
    }
  }

  private static void run(long seed, LongConsumer scenario) {
    try {
      scenario.accept(seed);
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(
          "failed from seed " + seed + "; replay with -D" + PROPERTY + "=" + seed + ": " + e, e);
    }
  }
}
