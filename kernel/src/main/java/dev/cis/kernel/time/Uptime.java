package dev.cis.kernel.time;

import java.time.Duration;
import java.time.Instant;

/**
 * The only reader of the machine's clocks. IO edges take it as a constructor argument where a test
 * wants to set the time.
 */
public final class Uptime implements java.util.function.Supplier<Now> {
  /** The clock of this process. */
  public static final Uptime CLOCK = new Uptime();

  private final long start = System.nanoTime();

  private Uptime() {}

  /** The time now. */
  public Now now() {
    return new Now(Duration.ofNanos(System.nanoTime() - start), Instant.now());
  }

  @Override
  public Now get() {
    return now();
  }
}
