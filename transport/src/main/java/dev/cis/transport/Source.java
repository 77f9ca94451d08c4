package dev.cis.transport;

import java.net.InetAddress;
import java.util.HexFormat;

/**
 * Where a connection comes from, as it is counted. Whoever has one IPv6 address usually has its
 * /64, and a customer has a /56 or /48 (RFC 6177).
 *
 * @param isPrivate whether only a machine nearby can have the address
 * @param ip the IPv4 address or IPv6 /64; the whole address if it is private
 * @param subnet the IPv4 /24 or IPv6 /56
 * @param site the IPv6 /48, empty with IPv4
 */
record Source(boolean isPrivate, String ip, String subnet, String site) {
  static Source of(InetAddress address) {
    byte[] b = address.getAddress();
    var text = address.getHostAddress();
    if (Address.isPrivate(address)) {
      return new Source(true, text, "", "");
    }
    return b.length == 4
        ? new Source(
            false, text, (b[0] & 0xFF) + "." + (b[1] & 0xFF) + "." + (b[2] & 0xFF) + ".0/24", "")
        : new Source(false, prefix(b, 8, 64), prefix(b, 7, 56), prefix(b, 6, 48));
  }

  /** What one customer may well have as a whole: the IPv4 /24 or IPv6 /48. */
  String network() {
    return site.isEmpty() ? subnet : site;
  }

  private static String prefix(byte[] address, int bytes, int bits) {
    var hex = HexFormat.of().formatHex(address, 0, bytes);
    return hex.replaceAll("(.{4})(?=.)", "$1:") + "::/" + bits;
  }
}
