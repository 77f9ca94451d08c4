package dev.cis.transport;

import dev.cis.kernel.fault.Kind;
import java.nio.ByteBuffer;

/**
 * A raw bidirectional byte stream on a link: QUIC's stream (RFC 9000 section 2) as blocking calls.
 * One thread may write while another reads. Failures are {@code transport.stream-reset}, {@code
 * transport.connection-lost} and, after {@code waitNanos}, {@code transport.stream-timeout}.
 */
public interface Pipe {
  /** To wait as long as it takes. */
  long FOREVER = Long.MAX_VALUE;

  /**
   * Takes all of the bytes, which may be none; waits while the peer reads slowly.
   *
   * @param end whether nothing will follow
   */
  void write(ByteBuffer bytes, boolean end, long waitNanos) throws InterruptedException;

  /** Reads at least one byte into the buffer, which has room; -1 at the end. */
  int read(ByteBuffer into, long waitNanos) throws InterruptedException;

  /** How our bytes on it compete with those of other pipes of the link, from the next ones on. */
  default void rank(Priority priority) {}

  /** Tells the peer that we read no further; what arrives is dropped. Harmless at the end. */
  void stopReading(Kind why);

  /** Breaks off both directions. */
  void reset(Kind why);
}
