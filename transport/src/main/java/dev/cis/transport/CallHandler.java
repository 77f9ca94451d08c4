package dev.cis.transport;

/** Answers the calls of peers for one protocol. */
@FunctionalInterface
public interface CallHandler {
  /**
   * The answer to one call. A {@link dev.cis.kernel.fault.Fault} reaches the caller with its kind,
   * code and words; any other exception as an internal error without words.
   *
   * @throws InterruptedException when the caller has given up, its deadline is over or the
   *     connection is lost; nobody waits for the answer then
   */
  byte[] answer(Call call) throws InterruptedException;
}
