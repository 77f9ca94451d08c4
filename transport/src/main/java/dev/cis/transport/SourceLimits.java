package dev.cis.transport;

/**
 * How many connections come from where. Loopback and private addresses (RFC 1918, 6598, 4193) have
 * a limit of their own, by default as wide as that on all connections, so that hundreds of nodes of
 * one lab or machine can meet. Who serves strangers there as well should lower it.
 *
 * @param maxConnectionsPerIp inbound connections from one public IPv4 address or IPv6 /64; default
 *     32
 * @param maxConnectionsPerSubnet inbound connections from one public IPv4 /24 or IPv6 /56; default
 *     128
 * @param maxConnectionsPerSite inbound connections from one public IPv6 /48; default 256
 * @param maxConnectionsPerPrivateIp inbound connections from one loopback or private address;
 *     default 1,024
 * @param busyHandshakes inbound handshakes under way from which on a dialler must first prove that
 *     it receives at its address (Retry, RFC 9000 section 8.1.2), which costs it a round trip;
 *     default 64, with 0 always
 * @param maxHandshakes inbound handshakes under way above which further ones are refused; default
 *     512
 * @param maxHandshakesPerNetwork the same from one public IPv4 /24 or IPv6 /48, so that nobody who
 *     begins handshakes and never ends them keeps all others out; from a quarter of it on, who
 *     dials from there must prove its address; default 128
 */
public record SourceLimits(
    int maxConnectionsPerIp,
    int maxConnectionsPerSubnet,
    int maxConnectionsPerSite,
    int maxConnectionsPerPrivateIp,
    int busyHandshakes,
    int maxHandshakes,
    int maxHandshakesPerNetwork) {
  /** The defaults. */
  public static final SourceLimits DEFAULT = new SourceLimits(32, 128, 256, 1024, 64, 512, 128);

  /** Checks every setting; the message names the key. */
  public SourceLimits {
    Rule.check(maxConnectionsPerIp >= 1, "max_connections_per_ip", "is at least 1");
    Rule.check(maxConnectionsPerSubnet >= 1, "max_connections_per_subnet", "is at least 1");
    Rule.check(maxConnectionsPerSite >= 1, "max_connections_per_site", "is at least 1");
    Rule.check(maxConnectionsPerPrivateIp >= 1, "max_connections_per_private_ip", "is at least 1");
    Rule.check(busyHandshakes >= 0, "busy_handshakes", "is not negative");
    Rule.check(maxHandshakes >= 1, "max_handshakes", "is at least 1");
    Rule.check(maxHandshakesPerNetwork >= 1, "max_handshakes_per_network", "is at least 1");
  }
}
