package dev.cis.dht.proto;

import dev.cis.kernel.identity.Signed;
import dev.cis.transport.Address;
import dev.cis.transport.PeerRecord;
import java.util.HashMap;
import java.util.Map;

/** How many nodes of each public subnet there are. Private addresses are of none, named "". */
final class Subnets {
  private final Map<String, Integer> nodes = new HashMap<>();

  /** The subnet of an address. */
  static String of(Address address) {
    return address.isPrivate() ? "" : address.subnet();
  }

  /** The subnet of the first public address that a record claims. */
  static String claimed(Signed<PeerRecord> record) {
    for (var address : record.value().addresses()) {
      if (!address.isPrivate()) {
        return address.subnet();
      }
    }
    return "";
  }

  void add(String subnet) {
    if (!subnet.isEmpty()) {
      nodes.merge(subnet, 1, Integer::sum);
    }
  }

  void remove(String subnet) {
    if (!subnet.isEmpty()) {
      nodes.computeIfPresent(subnet, (net, n) -> n == 1 ? null : n - 1);
    }
  }

  /** Whether it is public and has so many nodes or more. */
  boolean has(String subnet, int count) {
    return !subnet.isEmpty() && nodes.getOrDefault(subnet, 0) >= count;
  }
}
