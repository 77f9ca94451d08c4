package dev.cis.nat;

import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.Endpoint;
import dev.cis.transport.Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** Between the addresses of the cores and those of Java's sockets. */
public final class Endpoints {
  private Endpoints() {}

  /** Of a socket, whose address is resolved. */
  public static Endpoint of(InetSocketAddress socket) {
    return new Endpoint(Bytes.of(socket.getAddress().getAddress()), socket.getPort());
  }

  /** As the sockets of Java want it. */
  public static InetSocketAddress socket(Endpoint endpoint) {
    try {
      var ip = InetAddress.getByAddress(endpoint.ip().toByteArray());
      return new InetSocketAddress(ip, endpoint.port());
    } catch (UnknownHostException e) {
      throw new AssertionError("4 or 16 bytes are an address", e);
    }
  }

  /** As people write it. */
  public static String text(Endpoint endpoint) {
    return Address.of(socket(endpoint)).toString();
  }
}
