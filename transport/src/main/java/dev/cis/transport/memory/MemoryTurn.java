package dev.cis.transport.memory;

import dev.cis.transport.Turn;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs tasks one after another on a virtual thread that lives while there are any. */
final class MemoryTurn implements Turn {
  private static final Logger LOG = LoggerFactory.getLogger(MemoryTurn.class);
  private static final ScheduledExecutorService TIMERS =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("memory-turns").factory());

  private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicInteger count = new AtomicInteger();
  private volatile @Nullable Thread here;

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    if (count.getAndIncrement() == 0) {
      Thread.ofVirtual().name("memory-turn").start(this::run);
    }
  }

  private void run() {
    here = Thread.currentThread();
    int done;
    do {
      done = 0;
      Runnable task;
      while ((task = tasks.poll()) != null) {
        done++;
        try {
          task.run();
        } catch (RuntimeException e) {
          LOG.error("event=turn-defect", e);
        }
      }
    } while (count.addAndGet(-done) > 0);
  }

  @Override
  public boolean isHere() {
    return Thread.currentThread().equals(here);
  }

  @Override
  public Runnable after(Duration delay, Runnable task) {
    var timer = TIMERS.schedule(() -> execute(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    return () -> timer.cancel(false);
  }
}
