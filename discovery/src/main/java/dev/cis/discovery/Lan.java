package dev.cis.discovery;

import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.SocketException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Announces this node by mDNS (RFC 6762) as a service (RFC 6763) and hears of others, at every
 * address of every interface, whichever come and go. Nothing that goes wrong here is fatal: an
 * interface without multicast is logged, left alone, and tried again now and then.
 */
final class Lan implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Lan.class);
  private static final long CLOSING_SECONDS = 2;

  /** An address that failed is tried again with every so many looks at the interfaces. */
  private static final int LOOKS_BETWEEN_ATTEMPTS = 12;

  private final NodeId self;
  private final List<Address> local;
  private final DiscoveryConfig config;
  private final LanSightings sightings;
  private final Map<LanPlace, LanResponder> responders = new HashMap<>();
  private final Map<LanPlace, Integer> refused = new HashMap<>();
  private boolean closed;

  /**
   * Nothing is announced before {@link #refresh}.
   *
   * @param local what the sockets are bound to
   */
  Lan(NodeId self, List<Address> local, DiscoveryConfig config, LanSightings.Ear ear) {
    this.self = self;
    this.local = List.copyOf(local);
    this.config = config;
    this.sightings = new LanSightings(self, ear);
  }

  /** Follows the interfaces of this machine. Blocks while sockets are opened. */
  synchronized void refresh() {
    if (closed) {
      return;
    }
    List<LanPlace> wanted;
    try {
      wanted = LanPlace.now(config.ipv6(), config.loopback());
    } catch (SocketException e) {
      LOG.warn("event=interfaces-unreadable", e);
      return;
    }
    var vanished = new HashSet<>(responders.keySet());
    wanted.forEach(vanished::remove);
    refused.keySet().retainAll(wanted);
    for (var place : vanished) {
      var responder = responders.remove(place);
      LOG.info("event=mdns-left address={}", place.text());
      sightings.deaf(place.ip());
      if (responder != null) {
        Thread.ofPlatform().daemon().name("mdns-close").start(responder::close);
      }
    }
    for (var place : wanted) {
      var port = port(place.ip());
      if (port.isPresent() && !responders.containsKey(place) && isDue(place)) {
        open(place, port.getAsInt());
      }
    }
  }

  private boolean isDue(LanPlace place) {
    var looks = refused.computeIfPresent(place, (_, n) -> n + 1);
    return looks == null || looks % LOOKS_BETWEEN_ATTEMPTS == 0;
  }

  private void open(LanPlace place, int port) {
    try {
      responders.put(place, LanResponder.open(self, place, port, sightings));
      refused.remove(place);
    } catch (IOException | RuntimeException e) {
      if (refused.putIfAbsent(place, 0) == null) {
        LOG.warn("event=mdns-unavailable address={} reason=\"{}\"", place.text(), e.toString());
      }
    }
  }

  /** At how many addresses it announces and listens. */
  synchronized int size() {
    return responders.size();
  }

  /** How many nodes are announced. */
  int nodes() {
    return sightings.size();
  }

  @Override
  public void close() {
    List<LanResponder> open;
    synchronized (this) {
      closed = true;
      open = List.copyOf(responders.values());
      responders.clear();
    }
    closeAll(open);
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

  /** All at once, and not for ever. */
  private static void closeAll(Collection<LanResponder> responders) {
    var done = new CountDownLatch(responders.size());
    for (var responder : responders) {
      Thread.ofPlatform()
          .daemon()
          .name("mdns-close")
          .start(() -> {
            responder.close();
            done.countDown();
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
}
