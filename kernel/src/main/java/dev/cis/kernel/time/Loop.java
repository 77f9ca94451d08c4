package dev.cis.kernel.time;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one machine on one virtual thread with a bounded mailbox.
 *
 * <p>Outputs are handed to the effects consumer on the loop's own thread, in order. Effects must
 * not block for long: what waits for the network goes to a thread of its own. An exception out of a
 * machine is a defect; it is logged with the input that caused it, and the loop goes on with the
 * next input.
 *
 * @param <I> the machine's inputs
 * @param <O> the machine's outputs
 */
public final class Loop<I, O> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Loop.class);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

  private final String name;
  private final Machine<I, O> machine;
  private final Consumer<O> effects;
  private final Supplier<Now> clock;
  private final BlockingQueue<Task<I>> mailbox;
  private final AtomicLong refused = new AtomicLong();
  private final Thread thread;
  private volatile boolean closed;

  private sealed interface Task<I> {
    record Input<I>(I value) implements Task<I> {}

    record Run<I>(Runnable value) implements Task<I> {}
  }

  /** Starts the loop. {@code capacity} is the size of the mailbox in inputs. */
  public Loop(
      String name, Machine<I, O> machine, int capacity, Supplier<Now> clock, Consumer<O> effects) {
    this.name = name;
    this.machine = machine;
    this.effects = effects;
    this.clock = clock;
    this.mailbox = new ArrayBlockingQueue<>(capacity);
    this.thread = Thread.ofVirtual().name("loop-" + name).start(this::run);
  }

  /** Puts an input into the mailbox; false when the mailbox is full or the loop is closed. */
  public boolean offer(I input) {
    if (closed || !mailbox.offer(new Task.Input<>(input))) {
      refused.incrementAndGet();
      return false;
    }
    return true;
  }

  /** Puts an input into the mailbox and waits for room: back-pressure for a local caller. */
  public void put(I input) throws InterruptedException {
    enqueue(new Task.Input<>(input));
  }

  /**
   * Runs something on the loop's thread, between two inputs: the way to read the machine's state.
   */
  public void inspect(Runnable action) throws InterruptedException {
    enqueue(new Task.Run<>(action));
  }

  private void enqueue(Task<I> task) throws InterruptedException {
    boolean waiting = true;
    while (!closed && waiting) {
      // Looking up now and then: a closed loop never makes room.
      waiting = !mailbox.offer(task, 100, TimeUnit.MILLISECONDS);
    }
  }

  /** How many inputs were refused because the mailbox was full. */
  public long refused() {
    return refused.get();
  }

  /** How many inputs wait. */
  public int backlog() {
    return mailbox.size();
  }

  /** Stops the loop; inputs that still wait are dropped. Waits until the thread has ended. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    if (Thread.currentThread().equals(thread)) {
      return;
    }
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    while (!closed) {
      try {
        var task = mailbox.poll(untilWake(), TimeUnit.NANOSECONDS);
        step(task);
      } catch (InterruptedException e) {
        if (closed) {
          return;
        }
      }
    }
  }

  private void step(@org.jspecify.annotations.Nullable Task<I> task) {
    try {
      switch (task) {
        case Task.Input<I>(var input) -> machine.on(clock.get(), input, effects);
        case Task.Run<I>(var action) -> action.run();
        case null -> {}
      }
      var now = clock.get();
      if (machine.wakeAt().compareTo(now.uptime()) <= 0) {
        machine.tick(now, effects);
      }
    } catch (RuntimeException e) {
      LOG.error("event=loop-defect loop={} input={}", name, task, e);
    }
  }

  private long untilWake() {
    var at = machine.wakeAt();
    if (at.compareTo(Machine.NEVER) >= 0) {
      return LONGEST_WAIT.toNanos();
    }
    var wait = at.minus(clock.get().uptime());
    if (wait.isNegative()) {
      return 0;
    }
    return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT.toNanos() : wait.toNanos();
  }
}
