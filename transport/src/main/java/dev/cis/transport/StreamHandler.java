package dev.cis.transport;

/** Serves the streams that peers open for one protocol. */
@FunctionalInterface
public interface StreamHandler {
  /**
   * Serves one stream on a virtual thread of its own. The stream is closed when this returns, and
   * reset with the fault's kind when it throws.
   */
  void serve(Stream stream) throws InterruptedException;
}
