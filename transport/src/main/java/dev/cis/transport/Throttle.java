package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/** A bandwidth limit that threads wait at; {@link Shaper} decides. The limit can change. */
final class Throttle {
  private final String name;
  private final LongSupplier clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Shaper.Ticket, Condition> waiting = new HashMap<>();
  private final Shaper shaper;
  private volatile boolean lifted;

  /**
   * A limit.
   *
   * @param name of the limit, for messages
   * @param rate bytes a second, more than zero
   * @param clock monotonic, nanoseconds
   */
  Throttle(String name, long rate, LongSupplier clock) {
    this.name = name;
    this.clock = clock;
    this.shaper = new Shaper(new TokenBucket(rate, clock.getAsLong()));
  }

  /** Bytes a second, 0 for no limit. */
  long rate() {
    if (lifted) {
      return 0;
    }
    lock.lock();
    try {
      return shaper.bucket().rate();
    } finally {
      lock.unlock();
    }
  }

  /** Changes the limit, 0 lifts it; who waits now waits by the new one. */
  void rate(long bytesPerSecond) {
    lock.lock();
    try {
      lifted = bytesPerSecond == 0;
      if (!lifted) {
        shaper.bucket().rate(bytesPerSecond, clock.getAsLong());
      }
      waiting.values().forEach(Condition::signal);
    } finally {
      lock.unlock();
    }
  }

  boolean isLifted() {
    return lifted;
  }

  /**
   * Waits for the turn, and takes so many bytes.
   *
   * @param deadline on the clock, {@link Long#MAX_VALUE} for none
   * @throws Fault {@code transport.stream-timeout}
   */
  void pass(Priority priority, long bytes, long deadline) throws InterruptedException {
    if (lifted) {
      return;
    }
    lock.lockInterruptibly();
    try {
      var ticket = shaper.enter(priority);
      var turn = lock.newCondition();
      waiting.put(ticket, turn);
      try {
        long wait;
        while (!lifted && (wait = shaper.waits(ticket, clock.getAsLong())) > 0) {
          long left = deadline == Long.MAX_VALUE ? wait : deadline - clock.getAsLong();
          if (left <= 0) {
            throw late();
          }
          long _ = turn.awaitNanos(Math.min(left, wait));
        }
        shaper.pass(ticket, lifted ? 0 : bytes, clock.getAsLong());
      } finally {
        waiting.remove(ticket);
        shaper.leave(ticket);
        signalFirst();
      }
    } finally {
      lock.unlock();
    }
  }

  private void signalFirst() {
    var next = shaper.first();
    if (next != null) {
      var turn = waiting.get(next);
      if (turn != null) {
        turn.signal();
      }
    }
  }

  private Fault late() {
    return new Fault(
        TransportCode.STREAM_TIMEOUT,
        "the bandwidth limit " + name + " did not let it pass before the deadline");
  }

  /** Takes bytes without waiting; those who wait pay for it. */
  void spend(long bytes) {
    if (lifted || bytes == 0) {
      return;
    }
    lock.lock();
    try {
      shaper.bucket().take(bytes, clock.getAsLong());
    } finally {
      lock.unlock();
    }
  }
}
