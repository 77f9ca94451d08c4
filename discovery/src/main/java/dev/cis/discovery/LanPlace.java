package dev.cis.discovery;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * An address of an interface at which mDNS can be spoken. One that went and came with the same
 * address has another index, and needs another socket.
 *
 * @param index of the interface
 * @param ip the address
 */
record LanPlace(int index, InetAddress ip) {
  /**
   * Those of this machine now: of each interface that is up and has multicast every IPv4 address
   * and one IPv6 address, link-local if it can be, for that reaches every neighbour. Loopback only
   * if there is nothing else or when asked for.
   */
  static List<LanPlace> now(boolean ipv6, boolean loopback) throws SocketException {
    var ordinary = new ArrayList<LanPlace>();
    var inside = new ArrayList<LanPlace>();
    for (var each : NetworkInterface.networkInterfaces().toList()) {
      if (each.isUp() && !each.isPointToPoint() && each.supportsMulticast()) {
        (each.isLoopback() ? inside : ordinary).addAll(of(each, ipv6));
      }
    }
    if (ordinary.isEmpty() || loopback) {
      ordinary.addAll(inside);
    }
    return ordinary;
  }

  private static List<LanPlace> of(NetworkInterface each, boolean ipv6) {
    var all = each.inetAddresses().toList();
    var v4 = all.stream().filter(ip -> !(ip instanceof Inet6Address));
    var v6 =
        all.stream()
            .filter(ip -> ip instanceof Inet6Address && ipv6)
            .sorted((a, b) -> Boolean.compare(b.isLinkLocalAddress(), a.isLinkLocalAddress()))
            .limit(1);
    return Stream.concat(v4, v6).map(ip -> new LanPlace(each.getIndex(), ip)).toList();
  }

  /** For the log. */
  String text() {
    return ip.getHostAddress();
  }
}
