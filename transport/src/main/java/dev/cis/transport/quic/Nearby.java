package dev.cis.transport.quic;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What the interfaces of this machine promise: which peers are reached without leaving it, and how
 * large a datagram may be at most to these and to the others. Whether a path carries so much is
 * found out for each connection by probing (RFC 8899); this only bounds the search. It stays as it
 * is for the life of a socket, so that all packets of a connection find the same way.
 *
 * @param here addresses of this machine besides those of loopback
 * @param near largest UDP payload that the loopback interface carries
 * @param far largest UDP payload that any other interface carries, at least that of an Ethernet
 */
record Nearby(Set<InetAddress> here, int near, int far) {
  // An IPv6 header and a UDP header.
  private static final int HEADERS = 48;
  private static final int ETHERNET = 1500;
  private static final int JUMBO = 9216;
  // Larger ones save nothing more: four fill what one call may send with segmentation offload.
  private static final int LOOPBACK = 16_384;

  Nearby {
    here = Set.copyOf(here);
  }

  static Nearby now() {
    List<NetworkInterface> interfaces;
    try {
      interfaces = NetworkInterface.networkInterfaces().toList();
    } catch (SocketException e) {
      interfaces = List.of();
    }
    var here = new HashSet<InetAddress>();
    int near = ETHERNET;
    int far = ETHERNET;
    for (var each : interfaces) {
      try {
        if (!each.isUp()) {
          continue;
        }
        int mtu = each.getMTU();
        if (each.isLoopback()) {
          near = Math.max(near, Math.min(mtu, LOOPBACK));
        } else {
          far = Math.max(far, Math.min(mtu, JUMBO));
        }
        each.inetAddresses().forEach(here::add);
      } catch (SocketException e) {
        // It went away.
      }
    }
    return new Nearby(here, Math.max(near, far) - HEADERS, far - HEADERS);
  }

  boolean contains(InetAddress peer) {
    return peer.isLoopbackAddress() || here.contains(peer);
  }
}
