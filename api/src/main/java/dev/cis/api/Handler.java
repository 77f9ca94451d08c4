package dev.cis.api;

import java.io.IOException;

/** Carries out requests. */
@FunctionalInterface
public interface Handler {
  /**
   * Carries out one request, on a virtual thread of its own which is interrupted when the client
   * goes.
   *
   * @return the last answer
   */
  Result handle(Request request, Call call) throws InterruptedException, IOException;
}
