package dev.cis.transport.proto;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Pauses between attempts at one thing: they double with each failure from a shortest to a longest
 * one, and each is stretched or shortened by up to half, so that many nodes that lost the same peer
 * do not come back in step. Times are uptimes. Not thread-safe.
 */
public final class Backoff {
  private final Duration shortest;
  private final Duration longest;
  private final RandomGenerator random;
  private Duration pause = Duration.ZERO;
  private Duration until = Duration.ZERO;
  private int failures;

  /** Nothing has failed yet. */
  public Backoff(Duration shortest, Duration longest, RandomGenerator random) {
    this.shortest = shortest;
    this.longest = longest;
    this.random = random;
  }

  /**
   * An attempt failed. One that was under way beside another which has failed already counts as the
   * same.
   */
  public void failed(Duration now) {
    if (left(now).isPositive()) {
      return;
    }
    failures++;
    pause = longer();
    until = now.plus(jittered());
  }

  /** It worked, and stayed so for some time: what did not outlast its pause was no success. */
  public void lasted(Duration now, Duration howLong) {
    failures = 0;
    pause = howLong.compareTo(pause) > 0 ? shortest : longer();
    until = now.plus(jittered());
  }

  /** It works. */
  public void succeeded() {
    failures = 0;
    pause = Duration.ZERO;
    until = Duration.ZERO;
  }

  /** Rests as after many failures. */
  public void rest(Duration now) {
    pause = longest;
    until = now.plus(jittered());
  }

  /** How long not to try; zero when there is nothing to wait for. */
  public Duration left(Duration now) {
    var left = until.minus(now);
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** Failures in a row. */
  public int failures() {
    return failures;
  }

  private Duration longer() {
    if (pause.isZero()) {
      return shortest;
    }
    // Also right when doubling would overflow.
    return pause.compareTo(longest.dividedBy(2)) < 0 ? pause.multipliedBy(2) : longest;
  }

  private Duration jittered() {
    return Duration.ofNanos((long) (pause.toNanos() * (0.5 + random.nextDouble())));
  }
}
