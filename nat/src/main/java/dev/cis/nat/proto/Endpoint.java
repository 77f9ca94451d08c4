package dev.cis.nat.proto;

import dev.cis.kernel.wire.Bytes;
import java.util.stream.IntStream;

/**
 * An IP address and a UDP port.
 *
 * @param ip 4 or 16 bytes
 * @param port 0 to 65535
 */
public record Endpoint(Bytes ip, int port) {
  /** Checks the parts. */
  public Endpoint {
    if ((ip.size() != 4 && ip.size() != 16) || port < 0 || port > 65_535) {
      throw new IllegalArgumentException("no endpoint: " + ip.size() + " bytes, port " + port);
    }
  }

  /** The network that one operator is likely to own: a /24, or a /56 of IPv6. */
  public Bytes subnet() {
    return Bytes.of(java.util.Arrays.copyOf(ip.toByteArray(), ip.size() == 4 ? 3 : 7));
  }

  /** Whether only a machine nearby can mean it: RFC 1918, link-local, loopback, unique local. */
  public boolean isPrivate() {
    byte[] b = ip.toByteArray();
    int first = b[0] & 0xFF;
    int second = b[1] & 0xFF;
    if (b.length == 4) {
      return first == 10
          || first == 127
          || (first == 172 && (second & 0xF0) == 16)
          || (first == 192 && second == 168)
          || (first == 169 && second == 254)
          || (first == 100 && (second & 0xC0) == 64);
    }
    boolean isLoopback = b[15] == 1 && IntStream.range(0, 15).allMatch(i -> b[i] == 0);
    boolean isLinkLocal = first == 0xFE && (second & 0xC0) == 0x80;
    return isLoopback || isLinkLocal || (first & 0xFE) == 0xFC;
  }
}
