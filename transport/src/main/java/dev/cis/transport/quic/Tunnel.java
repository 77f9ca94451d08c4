package dev.cis.transport.quic;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * Carries datagrams where UDP alone does not get through, for instance in a TCP connection to a
 * server that sends them on. What comes back through it is handed to {@link
 * RawDatagrams.Sender#arrived}. Called on the event loop; must not block.
 */
public interface Tunnel extends AutoCloseable {
  /** Whether datagrams to this address go through the tunnel. */
  boolean takes(InetSocketAddress to);

  /**
   * Sends one datagram; like all datagrams it may get lost.
   *
   * @param datagram from position to limit; not to be kept
   */
  void send(InetSocketAddress to, ByteBuffer datagram);

  /** Gives back what it holds; nothing is sent after that. */
  @Override
  void close();
}
