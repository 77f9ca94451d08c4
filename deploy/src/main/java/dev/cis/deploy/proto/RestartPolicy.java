package dev.cis.deploy.proto;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * When to start a process again that ended: after 1 s, doubling to 60 s, with 25 % jitter, from 1 s
 * again once it was healthy for 60 s; not at all after more than 5 restarts within 10 minutes.
 */
public final class RestartPolicy {
  /**
   * The numbers.
   *
   * @param first wait before the first restart; doubles with each
   * @param longest longest wait
   * @param most restarts within the window after which it is given up
   * @param window over which restarts are counted
   */
  public record Numbers(Duration first, Duration longest, int most, Duration window) {
    /** 1 s doubling to 60 s, 5 times in 10 minutes. */
    public static final Numbers DEFAULT =
        new Numbers(Duration.ofSeconds(1), Duration.ofSeconds(60), 5, Duration.ofMinutes(10));
  }

  private static final Duration RESET = Duration.ofSeconds(60);

  private final Numbers numbers;
  private final RandomGenerator random;
  private final Deque<Duration> ends = new ArrayDeque<>();
  private int inRow;

  /** A policy that has seen nothing. */
  public RestartPolicy(Numbers numbers, RandomGenerator random) {
    this.numbers = numbers;
    this.random = random;
  }

  /**
   * The process ended.
   *
   * @param uptime now
   * @param healthyFor how long it had been healthy without interruption
   * @return how long to wait before it is started again; empty to give up
   */
  public Optional<Duration> ended(Duration uptime, Duration healthyFor) {
    if (healthyFor.compareTo(RESET) >= 0) {
      inRow = 0;
    }
    ends.addLast(uptime);
    while (ends.getFirst().compareTo(uptime.minus(numbers.window)) < 0) {
      ends.removeFirst();
    }
    if (ends.size() > numbers.most) {
      return Optional.empty();
    }
    long base =
        Math.min(numbers.first.toMillis() << Math.min(inRow, 16), numbers.longest.toMillis());
    inRow++;
    return Optional.of(Duration.ofMillis(base + random.nextLong(-base / 4, base / 4 + 1)));
  }

  /** Restarts since it was last healthy for a minute. */
  public int inRow() {
    return inRow;
  }
}
