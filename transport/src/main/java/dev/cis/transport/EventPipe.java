package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import java.nio.ByteBuffer;

/**
 * A raw bidirectional byte stream that is served in its link's {@link Turn}, so that it costs no
 * thread. Every method is called in turn and returns at once.
 */
public interface EventPipe {
  /** Unsent bytes under which a writer that waited is told to go on. */
  int LOW_WATER = 128 << 10;

  /** Whose turn it is served in. */
  Turn turn();

  /** Says who hears of what arrives, and begins to read. A later one takes the earlier's place. */
  void attend(Receiver receiver);

  /** Takes all of the bytes; what cannot be sent now waits here. Nothing follows an end. */
  void write(ByteBuffer bytes, boolean end);

  /** How many bytes wait to be sent. */
  long unsent();

  /** Whether the peer has ended its direction, and all of it was handed over. */
  boolean isEnded();

  /** How our bytes on it compete with those of other streams of the link. */
  default void rank(Priority priority) {}

  /** Stops handing over what arrives, so that flow control holds up the peer, or goes on. */
  void pause(boolean paused);

  /**
   * From now on the stream is served by blocking calls, and this object no more. What the receiver
   * was handed, and has not used, is its own matter.
   */
  Pipe toPipe();

  /** Tells the peer that we read no further; what arrives is dropped. */
  void stopReading(Kind why);

  /** Breaks off both directions. The receiver is not told. */
  void reset(Kind why);

  /** Hears what happens, in turn. */
  interface Receiver {
    /** Bytes have arrived; the buffer is the receiver's only during the call. */
    void received(ByteBuffer bytes);

    /** What has arrived was handed over: the time to send what was written about it. */
    default void settled() {}

    /** The peer has ended its direction. */
    void ended();

    /** Less than {@link #LOW_WATER} is unsent, after there was more. */
    default void drained() {}

    /** Both directions are lost. Nothing follows. */
    void broken(Fault why);
  }
}
