package dev.cis.discovery;

import dev.cis.kernel.identity.NodeId;
import java.io.IOException;
import java.net.NetworkInterface;
import javax.jmdns.JmDNS;
import javax.jmdns.ServiceEvent;
import javax.jmdns.ServiceListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Announces and listens at one address of one interface. */
final class LanResponder implements ServiceListener {
  private static final Logger LOG = LoggerFactory.getLogger(LanResponder.class);
  private static final int RESOLVE_MILLIS = 1;

  static {
    // RFC 6762 section 10: 120 s for records that name a host, so that a node which vanished
    // without a goodbye is not announced for an hour. Read once, when JmDNS is loaded.
    if (System.getProperty("net.dns.ttl") == null) {
      System.setProperty("net.dns.ttl", "120");
    }
  }

  private final LanPlace place;
  private final LanSightings sightings;
  private final NetworkInterface through;
  private final JmDNS jmdns;

  private LanResponder(
      LanPlace place, LanSightings sightings, NetworkInterface through, JmDNS jmdns) {
    this.place = place;
    this.sightings = sightings;
    this.through = through;
    this.jmdns = jmdns;
  }

  /** Begins. Opening sockets blocks; announcing happens behind. */
  static LanResponder open(NodeId self, LanPlace place, int port, LanSightings sightings)
      throws IOException {
    var ip = place.ip();
    var through = NetworkInterface.getByIndex(place.index());
    if (through == null) {
      throw new IOException("the interface is gone");
    }
    var jmdns = JmDNS.create(ip, LanAnnouncement.host(self, ip, port));
    var responder = new LanResponder(place, sightings, through, jmdns);
    jmdns.addServiceListener(LanAnnouncement.TYPE, responder);
    // Registering waits until nobody objected to the name, which takes most of a second.
    Thread.ofVirtual().name("mdns-announce").start(() -> responder.announce(self, port));
    return responder;
  }

  private void announce(NodeId self, int port) {
    try {
      jmdns.registerService(LanAnnouncement.own(self, place.ip(), port));
      LOG.info("event=mdns-announced address={} port={}", place.text(), port);
    } catch (IOException | RuntimeException e) {
      LOG.debug("event=mdns-not-announced address={}", place.text(), e);
    }
  }

  @Override
  public void serviceAdded(ServiceEvent event) {
    jmdns.requestServiceInfo(event.getType(), event.getName(), true, RESOLVE_MILLIS);
  }

  @Override
  public void serviceResolved(ServiceEvent event) {
    LanAnnouncement.read(event.getInfo(), through)
        .ifPresentOrElse(
            said -> sightings.seen(place.ip(), event.getName(), said),
            () -> LOG.debug("event=mdns-nonsense address={}", place.text()));
  }

  @Override
  public void serviceRemoved(ServiceEvent event) {
    sightings.removed(place.ip(), event.getName());
  }

  /** Says goodbye, which takes JmDNS seconds. */
  void close() {
    try {
      jmdns.close();
    } catch (IOException | RuntimeException e) {
      LOG.debug("event=mdns-close-failed address={}", place.text(), e);
    }
  }
}
