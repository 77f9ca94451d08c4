package dev.cis.nat.turn;

import dev.cis.transport.Address;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A TURN server and an account on it.
 *
 * @param address where it is, resolved; the usual port is 3478
 * @param transport how it is spoken to; to the peers it always speaks UDP
 * @param user of the long-term credentials, at most 508 bytes, as the password
 * @param password of them; it does not travel
 */
public record TurnServer(
    InetSocketAddress address, Transport transport, String user, String password) {
  /** Most bytes of a name (RFC 8489 section 14.3). */
  private static final int MOST = 508;

  /** How to speak to the server. */
  public enum Transport {
    /** Each message in a datagram. */
    UDP,
    /** All in one connection, not encrypted; what is relayed is QUIC, which is. */
    TCP
  }

  /** Checks the parts. */
  public TurnServer {
    if (address.isUnresolved()) {
      throw new IllegalArgumentException("the name " + address + " has no address");
    }
    if (bytes(user) > MOST || bytes(password) > MOST) {
      throw new IllegalArgumentException("user and password have at most " + MOST + " bytes");
    }
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  @Override
  public String toString() {
    // Without the password.
    return "turn:"
        + Address.of(address)
        + "?transport="
        + transport.name().toLowerCase(Locale.ROOT);
  }
}
