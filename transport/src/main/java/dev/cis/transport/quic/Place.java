package dev.cis.transport.quic;

import dev.cis.transport.Address;
import dev.cis.transport.Link;
import java.net.InetSocketAddress;

/** Where the peer of a connection is: at an address, or wherever its route leads at the moment. */
final class Place {
  private final InetSocketAddress remote;
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

  /** The peer's address, or that of the relay between; the last one when there is no route. */
  Address address() {
    look();
    return last;
  }

  /** {@code direct} or {@code relay}. */
  String path() {
    look();
    return path;
  }

  private void look() {
    if (!virtual) {
      return;
    }
    switch (routes.leaving(remote.getAddress())) {
      case null -> {}
      case Routes.Direct(var at) -> {
        last = Address.of(at);
        path = Link.DIRECT;
      }
      case Routes.Relayed(var relay, var circuit) -> {
        last = Address.of(relay);
        path = Link.RELAY;
      }
    }
  }

  @Override
  public String toString() {
    var now = address();
    return path.equals(Link.RELAY) ? "relay " + now : now.toString();
  }
}
