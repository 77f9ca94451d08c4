package dev.cis.kernel.time;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * The pure core of a protocol. Called by one thread at a time; must not block, read a clock, or
 * touch anything outside itself. Randomness comes in through the constructor.
 *
 * @param <I> what can happen to it, a sealed interface of records
 * @param <O> what it wants done, a sealed interface of records
 */
public interface Machine<I, O> {
  /** {@link #wakeAt()} of a machine that waits only for input. */
  Duration NEVER = Duration.ofSeconds(Long.MAX_VALUE);

  /** Something happened. */
  void on(Now now, I input, Consumer<O> out);

  /** Time passed; called at or after {@link #wakeAt()}, and harmless at any other time. */
  void tick(Now now, Consumer<O> out);

  /** The uptime at which {@link #tick} is wanted next, or {@link #NEVER}. */
  Duration wakeAt();
}
