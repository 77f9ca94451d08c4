package dev.cis.discovery.proto;

/** What the {@link Scheduler} wants done. */
public sealed interface SchedulerOutput {
  /**
   * Dial this one now, and say {@code Reached}, {@code Failed} or {@code Refused} once.
   *
   * @param candidate whom
   * @param attempt 1 for the first since it was last reached
   */
  record Dial(Candidate candidate, int attempt) implements SchedulerOutput {}

  /**
   * Ask every source that has to be asked who else is there.
   *
   * @param reason for the log and for people: which threshold is missed, or who asked
   */
  record Search(String reason) implements SchedulerOutput {}

  /**
   * Whether anybody is connected has changed.
   *
   * @param reason who came, or who went and why
   */
  record Online(boolean online, String reason) implements SchedulerOutput {}
}
