package dev.cis.discovery.proto;

import java.time.Duration;

/**
 * When to ask the sources that have to be asked: at once when there are too few peers, then after
 * doubling pauses as long as that lasts, and seldom when there are enough.
 */
final class Searches {
  private final SchedulerLimits limits;
  private long pause;
  private long next;
  private boolean few;
  private boolean first = true;

  Searches(SchedulerLimits limits) {
    this.limits = limits;
    this.pause = limits.firstSearch().toNanos();
  }

  /** Asks soon again: a peer was lost, or somebody wants it. */
  void hurry(long at) {
    pause = limits.firstSearch().toNanos();
    next = at;
  }

  /** Whether to ask now, with so many peers. */
  boolean isDue(long at, int peers) {
    boolean fewNow = peers < limits.minPeers();
    if (fewNow && !few && !first) {
      hurry(at);
    }
    few = fewNow;
    if (first) {
      // Whoever is on the LAN or the list is dialled first; that takes a moment.
      first = false;
      next = at + pause;
    }
    if (at < next) {
      return false;
    }
    if (few) {
      next = at + pause;
      pause = Math.min(2 * pause, limits.longestSearch().toNanos());
    } else {
      next = at + limits.satisfiedSearch().toNanos();
      pause = limits.firstSearch().toNanos();
    }
    return true;
  }

  Duration next() {
    return Duration.ofNanos(next);
  }
}
