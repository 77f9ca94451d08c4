package dev.cis.transport.quic;

import java.net.InetSocketAddress;

/**
 * Takes the datagrams on our UDP sockets that are not QUIC: STUN (RFC 8489) and probes. By RFC 9443
 * their first byte is below 64 or from 128 to 191. Called on the event loop; must not block.
 */
public interface RawDatagrams {
  /** Takes nothing. */
  RawDatagrams NONE =
      new RawDatagrams() {
        @Override
        public void bound(Sender sender) {}

        @Override
        public void received(Sender by, byte[] datagram, InetSocketAddress from) {}
      };

  /** The virtual addresses of peers, and where datagrams for them go. */
  default Routes routes() {
    return new Routes();
  }

  /** A socket is bound; the sender works until the swarm is closed. Called once per socket. */
  void bound(Sender sender);

  /**
   * A datagram came.
   *
   * @param by sends from the socket at which it came
   */
  void received(Sender by, byte[] datagram, InetSocketAddress from);

  /** Sends from the socket that carries QUIC. */
  interface Sender {
    /** Where the socket is bound. */
    InetSocketAddress local();

    /** Sends one datagram; like all datagrams it may get lost. */
    void send(byte[] datagram, InetSocketAddress to);

    /** Takes a datagram that came through a {@link Tunnel} as if it had come at the socket. */
    void arrived(byte[] datagram, InetSocketAddress from);
  }
}
