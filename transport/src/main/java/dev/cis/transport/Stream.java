package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A bidirectional stream to one peer. Calls block the (virtual) thread; one thread may send while
 * another receives. Every call fails with a {@link Fault}: {@code transport.stream-reset}, {@code
 * transport.connection-lost}, {@code transport.stream-timeout} once the deadline is over.
 *
 * <p>Messages and raw bytes may follow one another in the same direction when both sides know
 * where.
 */
public interface Stream extends AutoCloseable {
  /** Who is on the other side, proved by the handshake. */
  NodeId peer();

  /** The realms that both sides have proved on the connection that carries it. */
  Set<String> realms();

  /** What is spoken: the version that the acceptor chose. */
  ProtocolId protocol();

  /** Every further blocking call together must end within this time; null lifts it. */
  void deadline(@Nullable Duration within);

  /** Sends one length-prefixed message; waits while the peer reads slowly. */
  void send(byte[] message);

  /**
   * The next message, or null at the end of the stream.
   *
   * @param limit largest acceptable message in bytes; a larger one resets the stream and fails with
   *     {@code transport.frame-too-large}
   */
  byte @Nullable [] receive(int limit);

  /** Sends raw bytes; waits while the peer reads slowly. The buffer is copied or used up. */
  void write(ByteBuffer bytes);

  /**
   * Reads at least one raw byte, at most what fits into the buffer.
   *
   * @return how many, or -1 at the end of the stream
   */
  int read(ByteBuffer into);

  /** Ends our direction: the peer reads the end of the stream behind all that was sent. */
  void finish();

  /** Breaks off both directions; the peer sees {@code transport.stream-reset} with the kind. */
  void reset(Kind why);

  /**
   * Ends the stream if it is still open. All that was sent still arrives, with its end, as after
   * {@link #finish()}; what the peer has sent and nobody read is dropped, and a peer that goes on
   * sending is told to stop. After a call that failed, or with the deadline over, it resets.
   */
  @Override
  void close();
}
