package dev.cis.discovery;

import dev.cis.discovery.proto.SchedulerLimits;
import dev.cis.transport.PeerLocator;
import java.time.Duration;
import java.util.List;

/**
 * How peers are found.
 *
 * @param mdns whether this node announces itself on the LAN and listens for others
 * @param ipv6 whether mDNS uses IPv6 as well
 * @param loopback whether mDNS uses the loopback interface even when there are others
 * @param bootstrap whom to dial at the start, at most 64
 * @param dialTimeout how long one dial may take
 * @param rescan how often network interfaces and the address book are looked through
 * @param limits when to dial and how often
 */
public record DiscoveryConfig(
    boolean mdns,
    boolean ipv6,
    boolean loopback,
    List<PeerLocator> bootstrap,
    Duration dialTimeout,
    Duration rescan,
    SchedulerLimits limits) {
  /** mDNS on every interface, nobody to bootstrap from. */
  public static final DiscoveryConfig DEFAULT =
      new DiscoveryConfig(
          true,
          true,
          false,
          List.of(),
          Duration.ofSeconds(10),
          Duration.ofSeconds(5),
          SchedulerLimits.DEFAULT);

  /** Checks the values. */
  public DiscoveryConfig {
    bootstrap = List.copyOf(bootstrap);
    if (bootstrap.size() > 64) {
      throw new IllegalArgumentException(
          "at most 64 peers in p2p.bootstrap.nodes, not " + bootstrap.size());
    }
    if (!dialTimeout.isPositive() || !rescan.isPositive()) {
      throw new IllegalArgumentException("discovery.dial_timeout and discovery.rescan above 0");
    }
  }

  /** The same with another bootstrap list. */
  public DiscoveryConfig withBootstrap(List<PeerLocator> list) {
    return new DiscoveryConfig(mdns, ipv6, loopback, list, dialTimeout, rescan, limits);
  }

  /** The same with mDNS on or off. */
  public DiscoveryConfig withMdns(boolean on) {
    return new DiscoveryConfig(on, ipv6, loopback, bootstrap, dialTimeout, rescan, limits);
  }
}
