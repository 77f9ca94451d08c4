package dev.cis.nat.mapping;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The default routers as the kernel has them ({@code /proc/net/route}, see proc(5)), one for each
 * interface. IPv4 only: IPv6 has no translator to ask, and where there is no such file there is
 * none.
 */
final class RoutingTable {
  private static final Logger LOG = LoggerFactory.getLogger(RoutingTable.class);
  private static final Path FILE = Path.of("/proc/net/route");
  private static final Pattern WORDS = Pattern.compile("\\s+");
  private static final int MOST = 8;
  private static final int UP_AND_GATEWAY = 3;

  private RoutingTable() {}

  /** The routers behind which we have a private address. */
  static List<Gateway> gateways() {
    var found = new ArrayList<Gateway>();
    try {
      if (Files.exists(FILE)) {
        for (var route : defaults(Files.readAllLines(FILE)).entrySet()) {
          local(route.getKey(), route.getValue())
              .map(local -> new Gateway(route.getKey(), local, route.getValue()))
              .ifPresent(found::add);
        }
      }
    } catch (IOException e) {
      LOG.debug("event=routing-table-unreadable reason=\"{}\"", e.toString());
    }
    return found;
  }

  /** Interface and router of each default route; the first of an interface has the best metric. */
  static Map<String, InetAddress> defaults(List<String> lines) {
    record Route(String device, InetAddress gateway, long metric) {}
    var routes = new ArrayList<Route>();
    for (var line : lines) {
      var words = WORDS.split(line.strip(), -1);
      // Iface Destination Gateway Flags RefCnt Use Metric Mask ..., numbers in hexadecimal.
      if (words.length < 8 || !words[1].equals("00000000") || !words[7].equals("00000000")) {
        continue;
      }
      try {
        if ((Integer.parseInt(words[3], 16) & UP_AND_GATEWAY) == UP_AND_GATEWAY) {
          var gateway = address(Integer.parseUnsignedInt(words[2], 16));
          routes.add(new Route(words[0], gateway, Long.parseLong(words[6])));
        }
      } catch (NumberFormatException e) {
        LOG.debug("event=route-unreadable line=\"{}\"", line);
      }
    }
    routes.sort(java.util.Comparator.comparingLong(Route::metric));
    var best = new LinkedHashMap<String, InetAddress>();
    for (var route : routes) {
      if (best.size() < MOST) {
        best.putIfAbsent(route.device, route.gateway);
      }
    }
    return best;
  }

  /** The file has addresses in the byte order of the machine, which is little-endian. */
  private static InetAddress address(int hex) {
    boolean little = java.nio.ByteOrder.nativeOrder() == java.nio.ByteOrder.LITTLE_ENDIAN;
    int ip = little ? Integer.reverseBytes(hex) : hex;
    try {
      return InetAddress.getByAddress(
          new byte[] {(byte) (ip >> 24), (byte) (ip >> 16), (byte) (ip >> 8), (byte) ip});
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }

  /** Our address in the router's network; none if it is a public one, which nothing translates. */
  private static Optional<InetAddress> local(String device, InetAddress gateway)
      throws SocketException {
    var network = NetworkInterface.getByName(device);
    if (network == null) {
      return Optional.empty();
    }
    var addresses =
        network.getInterfaceAddresses().stream()
            .filter(a -> a.getAddress() instanceof Inet4Address)
            .toList();
    return addresses.stream()
        .filter(a -> contains(a, gateway))
        .findFirst()
        .or(() -> addresses.stream().findFirst())
        .map(InterfaceAddress::getAddress)
        .filter(ip -> dev.cis.transport.Address.of(ip, 1).isPrivate());
  }

  private static boolean contains(InterfaceAddress network, InetAddress ip) {
    int bits = network.getNetworkPrefixLength();
    int mask = bits == 0 ? 0 : -1 << (32 - bits);
    return (number(network.getAddress()) & mask) == (number(ip) & mask);
  }

  private static int number(InetAddress ip) {
    return java.nio.ByteBuffer.wrap(ip.getAddress()).getInt();
  }
}
