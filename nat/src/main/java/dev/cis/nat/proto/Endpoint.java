package dev.cis.nat.proto;

import dev.cis.kernel.wire.Bytes;

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
}
