package dev.cis.node;

import dev.cis.dht.Routing;
import dev.cis.transport.Address;
import dev.cis.transport.PeerLocator;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;

/**
 * The table {@code [p2p]} of the configuration file: what most users set, and nothing else.
 *
 * @param enabled whether the node talks to others at all; with false 'cis p2p start' refuses
 * @param listenPort UDP port for everything; 0 takes a free one
 * @param listen addresses to bind, as host, host:port or :port; none stands for every interface
 * @param enableDht whether to find peers through the distributed hash table
 * @param dhtMode part taken in the DHT: client, server, auto or lan
 * @param enableMdns whether to announce and find peers on the local network
 * @param enableNatTraversal whether to ask the routers of this machine to let the UDP port through
 *     (PCP, NAT-PMP, UPnP); see docs/concepts/nat.md
 * @param externalAddress addresses at which others reach this node, when it cannot know itself
 * @param anchor whether this is a node on a public address that others find each other by: it
 *     serves the DHT, STUN, dial-back and meeting places, also for strangers, and has limits for
 *     thousands of them; see docs/operating/anchor.md
 * @param bootstrap peers to try first, in {@code [p2p.bootstrap]} nodes: host:port, NODE@host:port
 *     or did:cis:...@host:port
 */
public record PeerToPeer(
    boolean enabled,
    int listenPort,
    List<String> listen,
    boolean enableDht,
    Routing.Mode dhtMode,
    boolean enableMdns,
    boolean enableNatTraversal,
    List<Address> externalAddress,
    boolean anchor,
    List<String> bootstrap) {
  /** The defaults: everything that finds peers by itself is on. */
  public static final PeerToPeer DEFAULT =
      new PeerToPeer(
          true,
          Address.DEFAULT_PORT,
          List.of(),
          true,
          Routing.Mode.AUTO,
          true,
          true,
          List.of(),
          false,
          List.of());

  private static final int MOST = 64;

  /** Checks the values. */
  public PeerToPeer {
    listen = List.copyOf(listen);
    externalAddress = List.copyOf(externalAddress);
    bootstrap = List.copyOf(bootstrap);
    if (listenPort < 0 || listenPort > 65_535) {
      throw new IllegalArgumentException("a UDP port, 0 to 65535");
    }
    if (listen.size() > 8) {
      throw new IllegalArgumentException("at most 8 addresses");
    }
    for (var text : listen) {
      var _ = socket(text, listenPort);
    }
    if (externalAddress.size() > 4) {
      throw new IllegalArgumentException("at most 4 addresses");
    }
    if (bootstrap.size() > MOST) {
      throw new IllegalArgumentException("at most " + MOST + " peers");
    }
    for (var peer : bootstrap) {
      var _ = PeerLocator.parse(peer);
    }
  }

  /** The sockets to bind. */
  public InetSocketAddress[] sockets() {
    return listen.isEmpty()
        ? new InetSocketAddress[] {new InetSocketAddress(listenPort)}
        : listen.stream().map(l -> socket(l, listenPort)).toArray(InetSocketAddress[]::new);
  }

  private static InetSocketAddress socket(String text, int defaultPort) {
    var lower = text.toLowerCase(Locale.ROOT);
    boolean portOnly = lower.matches(":?\\d{1,5}");
    int colon = lower.lastIndexOf(':');
    boolean hasPort = portOnly || lower.matches(".*]:\\d{1,5}") || lower.matches("[^:]*:\\d{1,5}");
    int port = hasPort ? Integer.parseInt(lower.substring(colon + 1)) : defaultPort;
    if (port > 65_535) {
      throw new IllegalArgumentException("host, host:port or :port with a port of 0 to 65535");
    }
    if (portOnly) {
      return new InetSocketAddress(port);
    }
    var host = (hasPort ? lower.substring(0, colon) : lower).replaceAll("^\\[|]$", "");
    if (!host.matches("[a-z0-9.:%_-]+")) {
      throw new IllegalArgumentException("host, host:port or :port");
    }
    var socket = new InetSocketAddress(host, port);
    if (socket.isUnresolved()) {
      throw new IllegalArgumentException("an address of this machine; '" + host + "' is unknown");
    }
    return socket;
  }
}
