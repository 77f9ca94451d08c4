package dev.cis.nat.turn;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.time.Now;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * An address on a TURN server. It is kept until {@link #close}, and given back then. Datagrams may
 * get lost, come twice or in another order, as on any path. Thread-safe.
 */
public interface TurnAllocation extends AutoCloseable {
  /** Hears what comes; called on one thread, must not block. */
  interface Receiver {
    /**
     * A datagram of a peer. Only those come to whose IP address something was sent within the last
     * minutes.
     */
    void received(InetSocketAddress peer, byte[] datagram);

    /** The server lets nothing through to that peer: forbidden, or of another family. */
    default void refused(InetSocketAddress peer, String why) {}

    /** It is over, and not because it was closed; nothing comes after that. */
    void lost(Fault reason);
  }

  /**
   * Asks for an address.
   *
   * @param within how long that may take; 39.5 s is what the RFC gives a server
   * @throws Fault {@code nat.turn-unreachable} if the server cannot be reached or does not answer,
   *     {@code nat.turn-refused} if it refuses, saying why
   */
  static TurnAllocation open(
      TurnServer server, Receiver receiver, Supplier<Now> clock, Duration within) {
    return TurnSession.open(server, receiver, clock, within);
  }

  /** Where peers reach us: an address and port of the server. */
  InetSocketAddress relayed();

  /**
   * Sends a datagram from that address. The first one to a peer waits until the server lets the
   * peer in, which takes a round trip; 32 wait at most. Never blocks; what is too much is dropped.
   *
   * @param peer resolved, of the family of {@link #relayed}
   * @param datagram from position to limit, at most 60,000 bytes; it is copied
   */
  void send(InetSocketAddress peer, ByteBuffer datagram);

  /** Gives the address back; waits two seconds at most for the server to know. */
  @Override
  void close();
}
