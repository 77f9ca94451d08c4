package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One connection to a peer whose identity the handshake has proved. Thread-safe. */
public interface Link {
  /** Close code of an end that is nobody's fault: a node stops or a link is not needed. */
  long GOODBYE = 0x100;

  /**
   * Close code of a connection that the other side gave up because it has too many. Whoever reads
   * it does not dial again for a while.
   */
  long TRIMMED = 0x110;

  /**
   * Close code of a connection that a user on the other side ended on purpose. Whoever reads it
   * does not dial again for longer, unless its own user asks.
   */
  long DISMISSED = 0x111;

  /** A path without anybody between the two sides. */
  String DIRECT = "direct";

  /** A path through a relay, which forwards what it cannot read. */
  String RELAY = "relay";

  /** A path through our TURN server, since no UDP gets out here. */
  String TURN = "turn";

  /** Who is on the other side. */
  NodeId peer();

  /** Whether we dialled. */
  boolean outbound();

  /** The peer's address as our socket sees it. */
  Address remote();

  /** {@link #DIRECT} or {@link #RELAY}, as it is now. */
  String path();

  /** Smoothed round-trip time if the network measures it. May be some seconds old. */
  @Nullable Duration rtt();

  /**
   * Opens a bidirectional pipe. The peer hears of it with the first bytes.
   *
   * @throws dev.cis.kernel.fault.Fault {@code transport.connection-lost}, {@code transport.busy}
   */
  Pipe open() throws InterruptedException;

  /** Whether packets have got lost lately, as far as the network knows. */
  default boolean isLosing() {
    return false;
  }

  /** What does not wait on this link happens in this turn. */
  Turn turn();

  /**
   * Opens a stream that is served in turn; called in turn. A link that has ended breaks it in a
   * later one.
   */
  EventPipe openEvents(EventPipe.Receiver receiver);

  /**
   * Says who hears of accepted pipes and of the end. Called once; what happened before is told
   * then.
   */
  void attend(Attendant attendant);

  /** The code with which the peer has closed the link, -1 if it has not. */
  long peerCloseCode();

  /** The code with which this side has closed the link, -1 if it has not. */
  default long closeCode() {
    return -1;
  }

  /** Tells, soon and on any thread, what has travelled; also after the end. */
  default void packets(Consumer<Packets> then) {
    then.accept(Packets.NONE);
  }

  /** Where the link is recorded, null if it is not. */
  default @Nullable Path qlog() {
    return null;
  }

  /**
   * UDP datagrams that carry QUIC packets.
   *
   * @param retransmitted packets whose contents were sent again
   * @param bytesSent with everything that QUIC adds
   */
  record Packets(
      long sent, long received, long lost, long retransmitted, long bytesSent, long bytesReceived) {
    /** Nothing, or not counted. */
    public static final Packets NONE = new Packets(0, 0, 0, 0, 0, 0);

    Packets plus(Packets other) {
      return new Packets(
          sent + other.sent,
          received + other.received,
          lost + other.lost,
          retransmitted + other.retransmitted,
          bytesSent + other.bytesSent,
          bytesReceived + other.bytesReceived);
    }
  }

  /** What may wait on this link in either direction. */
  Quotas.Budget budget();

  /** Ends the link and every pipe on it; the peer is told code and reason. */
  void close(long code, String reason);

  /** Hears what happens on a link; must not block. */
  interface Attendant {
    /** The peer opened a stream; told in turn, before anything of it was read. */
    void accepted(EventPipe pipe);

    /** The peer goes on from another address, by the same link; must not block. */
    default void moved() {}

    /** The link has ended, whoever ended it; told once, from any thread. */
    void ended(String reason);
  }
}
