package dev.cis.discovery;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.jmdns.ServiceInfo;
import org.jspecify.annotations.Nullable;

/**
 * What one service instance on the LAN says (RFC 6763): a node and where it is. Everybody on the
 * network reads it, members or not: it has no name, no label and no realm.
 *
 * @param node who, from the TXT record {@code id}
 * @param addresses where, at most 16
 */
record LanAnnouncement(NodeId node, List<Address> addresses) {
  /** The service type; RFC 6763 section 7. */
  static final String TYPE = "_cis._udp.local.";

  /** Longest TXT value that is looked at: a NodeId has 52 characters. */
  private static final int MAX_VALUE = 64;

  private static final int MAX_ADDRESSES = 16;
  private static final String VERSION = "1";

  LanAnnouncement {
    addresses = List.copyOf(addresses);
  }

  /**
   * Our own announcement at one address. The name of the instance, and that of the host in it,
   * differ from address to address: JmDNS has one responder for each, the kernel lets each of them
   * hear the others, and one name with two addresses would look like a conflict to them (RFC 6762
   * section 9).
   */
  static ServiceInfo own(NodeId self, InetAddress at, int port) {
    var text = Map.of("id", self.toString(), "v", VERSION);
    return ServiceInfo.create(TYPE, self + "-" + mark(at), port, 0, 0, text);
  }

  /** The host name that goes with it. */
  static String host(NodeId self, InetAddress at, int port) {
    return "cis-" + self.brief() + "-" + port + "-" + mark(at);
  }

  private static String mark(InetAddress at) {
    return "%06x".formatted(Arrays.hashCode(at.getAddress()) & 0xFFFFFF);
  }

  /**
   * Reads what somebody announced; empty if it is none of ours, of a later version or nonsense.
   *
   * @param through the interface that it came by, for link-local addresses mean nothing without
   */
  static Optional<LanAnnouncement> read(ServiceInfo info, @Nullable NetworkInterface through) {
    return read(
        value(info, "id"), value(info, "v"), info.getPort(), info.getInetAddresses(), through);
  }

  static Optional<LanAnnouncement> read(
      String id,
      String version,
      int port,
      InetAddress[] addresses,
      @Nullable NetworkInterface through) {
    if (!NodeId.isNodeId(id) || !version.equals(VERSION) || port < 1 || port > 65_535) {
      return Optional.empty();
    }
    try {
      var node = NodeId.parse(id);
      var usable =
          Arrays.stream(addresses)
              .filter(ip -> !ip.isMulticastAddress() && !ip.isAnyLocalAddress())
              .map(ip -> Address.of(scoped(ip, through), port))
              .distinct()
              .limit(MAX_ADDRESSES)
              .toList();
      return usable.isEmpty() ? Optional.empty() : Optional.of(new LanAnnouncement(node, usable));
    } catch (Fault e) {
      return Optional.empty(); // 52 characters that end in unused bits
    }
  }

  private static String value(ServiceInfo info, String key) {
    byte[] value = info.getPropertyBytes(key);
    return value == null || value.length > MAX_VALUE
        ? ""
        : new String(value, java.nio.charset.StandardCharsets.UTF_8);
  }

  private static InetAddress scoped(InetAddress ip, @Nullable NetworkInterface through) {
    if (!(ip instanceof Inet6Address) || !ip.isLinkLocalAddress() || through == null) {
      return ip;
    }
    try {
      return Inet6Address.getByAddress(null, ip.getAddress(), through);
    } catch (UnknownHostException e) {
      return ip; // that interface has no link-local address any more
    }
  }
}
