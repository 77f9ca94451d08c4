package dev.cis.transport.quic;

import dev.cis.transport.Address;
import dev.cis.transport.Link;
import java.net.InetSocketAddress;

/** Where the peer of a connection is: at an address, or wherever its route leads at the moment. */
final class Place {
  private volatile InetSocketAddress remote;
  private final Routes routes;
  private final boolean virtual;
  private volatile Address last;
  private volatile String path;

  private Place(InetSocketAddress remote, Routes routes) {
    this.remote = remote;
    this.routes = routes;
    this.virtual = Routes.isVirtual(remote.getAddress());
    this.last = Address.of(remote);
    this.path = virtual ? Link.RELAY : Link.DIRECT;
  }

  static Place of(InetSocketAddress remote, Routes routes) {
    return new Place(remote, routes);
  }

  /**
   * Whether that is another address than the one known; never by a route, which QUIC does not see.
   */
  boolean isElsewhere(InetSocketAddress at) {
    return !virtual && !remote.equals(at);
  }

  /** The peer goes on from another address (RFC 9000 section 9). */
  void moved(InetSocketAddress to) {
    if (!virtual) {
      remote = to;
      last = Address.of(to);
    }
  }

  /** The peer's address, or that of the relay between; the last one when there is no route. */
  Address address() {
    look();
    return last;
  }

  /** {@code direct}, {@code relay} or {@code turn}. */
  String path() {
    look();
    return path;
  }

  private void look() {
    if (!virtual) {
      path = straight(remote);
      return;
    }
    var leaving = routes.leaving(remote.getAddress());
    switch (leaving == null ? null : leaving.route) {
      case null -> {}
      case Routes.Direct(var at) -> {
        last = Address.of(at);
        path = straight(at);
      }
      case Routes.Relayed(var relay, var circuit) -> {
        last = Address.of(relay);
        path = Link.RELAY;
      }
    }
  }

  private String straight(InetSocketAddress to) {
    return routes.through(to) == null ? Link.DIRECT : Link.TURN;
  }

  @Override
  public String toString() {
    var now = address();
    return path.equals(Link.DIRECT) ? now.toString() : path + " " + now;
  }
}
