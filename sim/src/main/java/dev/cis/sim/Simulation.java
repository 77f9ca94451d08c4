package dev.cis.sim;

import dev.cis.kernel.time.Now;
import java.time.Duration;
import java.time.Instant;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/** An event queue with a virtual clock. Events at the same instant run in the order of adding. */
public final class Simulation {
  private static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");

  private record Event(long at, long order, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(at, other.at);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final SplittableRandom random;
  private final long seed;
  private long nanos;
  private long added;
  private long ran;

  /** A simulation in which everything follows from the seed. */
  public Simulation(long seed) {
    this.seed = seed;
    this.random = new SplittableRandom(seed);
  }

  /** The seed. */
  public long seed() {
    return seed;
  }

  /** The virtual time. */
  public Now now() {
    var uptime = Duration.ofNanos(nanos);
    return new Now(uptime, EPOCH.plus(uptime));
  }

  /** A source of randomness of its own for one part, so that parts do not disturb each other. */
  public RandomGenerator newRandom() {
    return random.split();
  }

  /** How many events ran so far. */
  public long eventsRun() {
    return ran;
  }

  /** Runs something after a delay. */
  public void after(Duration delay, Runnable action) {
    at(nanos + Math.max(0, delay.toNanos()), action);
  }

  /** Runs something at an uptime; at once when that has passed. */
  public void at(Duration uptime, Runnable action) {
    at(Math.max(nanos, uptime.toNanos()), action);
  }

  /** Lets virtual time pass. */
  public void runFor(Duration time) {
    long until = nanos + time.toNanos();
    while (!events.isEmpty() && events.element().at <= until) {
      step();
    }
    nanos = until;
  }

  /**
   * Lets virtual time pass until the condition holds; false when it does not within {@code limit}.
   * The condition is looked at once per {@code every}.
   */
  public boolean runUntil(BooleanSupplier condition, Duration every, Duration limit) {
    long until = nanos + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (nanos >= until) {
        return false;
      }
      runFor(Duration.ofNanos(Math.min(every.toNanos(), until - nanos)));
    }
    return true;
  }

  private void at(long at, Runnable action) {
    events.add(new Event(at, added++, action));
  }

  private void step() {
    var event = events.remove();
    nanos = event.at;
    ran++;
    event.action.run();
  }
}
