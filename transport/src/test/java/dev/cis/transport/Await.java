package dev.cis.transport;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what another thread brings about. */
public final class Await {
  private Await() {}

  /** Returns when the condition holds; fails the test when it does not for a minute. */
  public static void until(String what, BooleanSupplier condition) {
    var deadline = Deadline.in(Duration.ofSeconds(60));
    while (!condition.getAsBoolean()) {
      if (deadline.isOver()) {
        throw new AssertionError("in 60 s not: " + what);
      }
      LockSupport.parkNanos(2_000_000);
    }
  }
}
