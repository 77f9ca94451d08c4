package dev.cis.discovery;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.jmdns.JmDNS;
import javax.jmdns.ServiceEvent;
import javax.jmdns.ServiceInfo;
import javax.jmdns.ServiceListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Announces this node by mDNS (RFC 6762) as a service (RFC 6763) and hears of others. One JmDNS
 * instance for each address of an interface, for an instance binds to one. Nothing that goes wrong
 * here is fatal: an interface without multicast is logged and left alone.
 */
final class Lan implements AutoCloseable {
  static final String TYPE = "_cis._udp.local.";

  private static final Logger LOG = LoggerFactory.getLogger(Lan.class);
  private static final long CLOSING_SECONDS = 2;

  /** Hears of other nodes. Called from threads of JmDNS. */
  interface Ear {
    void resolved(NodeId node, List<Address> addresses);

    void gone(NodeId node);
  }

  private final NodeId self;
  private final List<Address> local;
  private final DiscoveryConfig config;
  private final Ear ear;
  private final Map<InetAddress, JmDNS> instances = new HashMap<>();
  private final Set<InetAddress> refused = new HashSet<>();
  private boolean closed;

  /**
   * Nothing is announced before {@link #refresh}.
   *
   * @param local what the sockets are bound to
   */
  Lan(NodeId self, List<Address> local, DiscoveryConfig config, Ear ear) {
    this.self = self;
    this.local = List.copyOf(local);
    this.config = config;
    this.ear = ear;
  }

  /** Follows the interfaces of this machine. Blocks while sockets are opened. */
  synchronized void refresh() {
    if (closed) {
      return;
    }
    var wanted = usable();
    var vanished = new HashSet<>(instances.keySet());
    wanted.forEach(vanished::remove);
    refused.retainAll(wanted);
    closeAll(vanished.stream().map(instances::remove).toList());
    for (var ip : wanted) {
      var port = port(ip);
      if (port.isPresent() && !instances.containsKey(ip) && !refused.contains(ip)) {
        open(ip, port.getAsInt());
      }
    }
  }

  /** On how many addresses it announces and listens. */
  synchronized int size() {
    return instances.size();
  }

  @Override
  public void close() {
    List<JmDNS> open;
    synchronized (this) {
      closed = true;
      open = List.copyOf(instances.values());
      instances.clear();
    }
    closeAll(open);
  }

  private void open(InetAddress ip, int port) {
    try {
      // The host name is the node's own: several nodes of one machine would fight over the host's.
      var jmdns = JmDNS.create(ip, "cis-" + self.brief() + "-" + port);
      instances.put(ip, jmdns);
      jmdns.addServiceListener(TYPE, new Browser(jmdns));
      // Everybody on the network reads this, members or not: no name, no label, no realm.
      var text = Map.of("id", self.toString(), "v", "1");
      var service = ServiceInfo.create(TYPE, self.toString(), port, 0, 0, text);
      // Registering waits until nobody objected to the name, which takes most of a second.
      Thread.ofVirtual().name("mdns-announce").start(() -> register(jmdns, ip, service));
    } catch (IOException | RuntimeException e) {
      refused.add(ip);
      LOG.warn(
          "event=mdns-unavailable address={} reason=\"{}\"", ip.getHostAddress(), e.toString());
    }
  }

  private static void register(JmDNS jmdns, InetAddress ip, ServiceInfo service) {
    try {
      jmdns.registerService(service);
      LOG.info("event=mdns-announced address={} port={}", ip.getHostAddress(), service.getPort());
    } catch (IOException | RuntimeException e) {
      LOG.debug("event=mdns-not-announced address={}", ip.getHostAddress(), e);
    }
  }

  private List<InetAddress> usable() {
    var ordinary = new ArrayList<InetAddress>();
    var loopback = new ArrayList<InetAddress>();
    try {
      for (var each : NetworkInterface.networkInterfaces().toList()) {
        if (each.isUp() && !each.isPointToPoint() && each.supportsMulticast()) {
          (each.isLoopback() ? loopback : ordinary).addAll(addressesOf(each));
        }
      }
    } catch (SocketException e) {
      LOG.warn("event=interfaces-unreadable", e);
    }
    if (ordinary.isEmpty() || config.loopback()) {
      ordinary.addAll(loopback);
    }
    return ordinary;
  }

  private List<InetAddress> addressesOf(NetworkInterface each) {
    var v4 = new ArrayList<InetAddress>();
    var v6 = new ArrayList<InetAddress>();
    each.inetAddresses().forEach(ip -> (ip instanceof Inet6Address ? v6 : v4).add(ip));
    if (config.ipv6() && !v6.isEmpty()) {
      v4.add(v6.getFirst());
    }
    return v4;
  }

  /** The port of the socket that hears this address, if any does. */
  private OptionalInt port(InetAddress ip) {
    return local.stream().filter(address -> hears(address, ip)).mapToInt(Address::port).findFirst();
  }

  private static boolean hears(Address bound, InetAddress ip) {
    try {
      var at = InetAddress.ofLiteral(bound.host());
      boolean sameFamily = at instanceof Inet6Address || !(ip instanceof Inet6Address);
      return at.equals(ip) || (at.isAnyLocalAddress() && sameFamily);
    } catch (IllegalArgumentException e) {
      return false; // a name, not an address that a socket is bound to
    }
  }

  /** JmDNS takes seconds to say goodbye: all at once, and not for ever. */
  private static void closeAll(List<JmDNS> instances) {
    var done = new CountDownLatch(instances.size());
    for (var jmdns : instances) {
      Thread.ofPlatform()
          .daemon()
          .name("mdns-close")
          .start(() -> {
            try {
              jmdns.close();
            } catch (IOException | RuntimeException e) {
              LOG.debug("event=mdns-close-failed", e);
            } finally {
              done.countDown();
            }
          });
    }
    try {
      if (!done.await(CLOSING_SECONDS, TimeUnit.SECONDS)) {
        LOG.debug("event=mdns-close-slow");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Browser implements ServiceListener {
    private final JmDNS jmdns;

    Browser(JmDNS jmdns) {
      this.jmdns = jmdns;
    }

    @Override
    public void serviceAdded(ServiceEvent event) {
      if (!event.getName().equals(self.toString())) {
        jmdns.requestServiceInfo(event.getType(), event.getName(), true, 1);
      }
    }

    @Override
    public void serviceResolved(ServiceEvent event) {
      try {
        hear(event.getInfo());
      } catch (Fault | IllegalArgumentException e) {
        LOG.debug("event=mdns-nonsense service={}", event.getName(), e);
      }
    }

    private void hear(ServiceInfo info) {
      var id = info.getPropertyString("id");
      if (id == null || info.getPort() == 0) {
        return;
      }
      var node = NodeId.parse(id);
      if (node.equals(self)) {
        return;
      }
      var addresses =
          Arrays.stream(info.getInetAddresses())
              .limit(16)
              .map(ip -> Address.of(ip, info.getPort()))
              .toList();
      if (!addresses.isEmpty()) {
        ear.resolved(node, addresses);
      }
    }

    @Override
    public void serviceRemoved(ServiceEvent event) {
      try {
        ear.gone(NodeId.parse(event.getName()));
      } catch (Fault e) {
        LOG.debug("event=mdns-nonsense service={}", event.getName(), e);
      }
    }
  }
}
