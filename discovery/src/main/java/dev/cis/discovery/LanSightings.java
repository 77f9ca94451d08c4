package dev.cis.discovery;

import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * Who is announced on the LAN now. A node has an instance for each of its addresses, and each of
 * our responders hears of them: it is there with the first and gone with the last. Thread-safe; the
 * listener is told in order.
 */
final class LanSightings {
  private static final int MAX_NODES = 1_024;
  private static final int MAX_INSTANCES = 64;

  /** Hears of other nodes coming and going. Must not block. */
  interface Ear {
    /** A node is announced, for the first time or with other addresses than before. */
    void resolved(NodeId node, List<Address> addresses);

    /** It is announced nowhere any more. */
    void gone(NodeId node);
  }

  /** An instance as one of our responders sees it. */
  private record Instance(InetAddress by, String name) {}

  private final NodeId self;
  private final Ear ear;
  private final Map<NodeId, Map<Instance, List<Address>>> nodes = new LinkedHashMap<>();

  LanSightings(NodeId self, Ear ear) {
    this.self = self;
    this.ear = ear;
  }

  synchronized void seen(InetAddress by, String name, LanAnnouncement said) {
    var node = said.node();
    if (node.equals(self) || (!nodes.containsKey(node) && nodes.size() >= MAX_NODES)) {
      return;
    }
    var instances = nodes.computeIfAbsent(node, _ -> new LinkedHashMap<>());
    var instance = new Instance(by, name);
    if (!instances.containsKey(instance) && instances.size() >= MAX_INSTANCES) {
      return;
    }
    if (!said.addresses().equals(instances.put(instance, said.addresses()))) {
      var all = new LinkedHashSet<Address>(said.addresses());
      instances.values().forEach(all::addAll);
      ear.resolved(node, all.stream().limit(16).toList());
    }
  }

  /** An instance has said goodbye or was not renewed. */
  synchronized void removed(InetAddress by, String name) {
    forget(instance -> instance.by.equals(by) && instance.name.equals(name));
  }

  /** We do not listen there any more. */
  synchronized void deaf(InetAddress by) {
    forget(instance -> instance.by.equals(by));
  }

  private void forget(java.util.function.Predicate<Instance> which) {
    for (var node : new ArrayList<>(nodes.keySet())) {
      var instances = nodes.getOrDefault(node, Map.of());
      if (instances.keySet().removeIf(which) && instances.isEmpty()) {
        nodes.remove(node);
        ear.gone(node);
      }
    }
  }

  /** How many nodes are announced. */
  synchronized int size() {
    return nodes.size();
  }
}
