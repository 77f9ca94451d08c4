package dev.cis.transport;

import java.time.Duration;

/**
 * The one thread on which everything of a link happens that does not wait: tasks run one after
 * another, in the order in which they came. Nothing that runs there may block.
 */
public interface Turn {
  /**
   * Runs the task later, from any thread.
   *
   * @throws java.util.concurrent.RejectedExecutionException when the node stops
   */
  void execute(Runnable task);

  /** Whether the caller is running in turn. */
  boolean isHere();

  /** Runs the task in turn after a while; the answer gives it up. */
  Runnable after(Duration delay, Runnable task);
}
