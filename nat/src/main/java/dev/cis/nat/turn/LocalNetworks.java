package dev.cis.nat.turn;

import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;

/** The networks at whose cables this machine is: what is in them is reached without a router. */
record LocalNetworks(List<Network> networks) {
  LocalNetworks {
    networks = List.copyOf(networks);
  }

  /**
   * A network.
   *
   * @param address any address in it
   * @param prefix how many bits of it are the same in all of them
   */
  record Network(InetAddress address, int prefix) {
    boolean contains(InetAddress other) {
      byte[] mine = address.getAddress();
      byte[] theirs = other.getAddress();
      if (mine.length != theirs.length) {
        return false;
      }
      for (int bit = 0; bit < Math.min(prefix, mine.length * 8); bit++) {
        if (((mine[bit / 8] ^ theirs[bit / 8]) >> (7 - bit % 8) & 1) != 0) {
          return false;
        }
      }
      return true;
    }
  }

  /** Those of the interfaces that are up now. */
  static LocalNetworks now() {
    var all = new ArrayList<Network>();
    try {
      for (var each : NetworkInterface.networkInterfaces().toList()) {
        for (InterfaceAddress address : each.getInterfaceAddresses()) {
          all.add(new Network(address.getAddress(), address.getNetworkPrefixLength()));
        }
      }
    } catch (SocketException e) {
      return new LocalNetworks(all); // an interface went away while we looked
    }
    return new LocalNetworks(all);
  }

  boolean contains(InetAddress address) {
    return address.isLoopbackAddress()
        || address.isLinkLocalAddress()
        || address.isMulticastAddress()
        || address.isAnyLocalAddress()
        || networks.stream().anyMatch(network -> network.contains(address));
  }
}
