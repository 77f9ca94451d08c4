package dev.cis.transport.memory;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import dev.cis.transport.Admission;
import dev.cis.transport.NetworkSwarm;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportCode;
import dev.cis.transport.TransportConfig;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Nodes that reach one another through memory. Each gets an address {@code 10.0.x.y:7677} of its
 * own, whatever its configuration says of listening. Thread-safe.
 */
public final class MemoryNetwork {
  private final Map<Address, MemoryEndpoint> endpoints = new HashMap<>();
  private final Map<NodeId, Integer> sides = new HashMap<>();
  private final int first;
  private int joined;

  /** An empty network. */
  public MemoryNetwork() {
    this(10);
  }

  private MemoryNetwork(int first) {
    this.first = first;
  }

  /** An empty network where addresses are public ones: {@code 44.0.x.y:7677}. */
  public static MemoryNetwork ofPublicAddresses() {
    return new MemoryNetwork(44);
  }

  /**
   * A node of the open realm on this network. A node that was closed may join again with the same
   * key.
   */
  public Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description) {
    return join(key, config, book, description, Admission.OPEN);
  }

  /** The same, admitting whom the last parameter says. */
  public Swarm join(
      KeyPair key,
      TransportConfig config,
      PeerBook book,
      PeerDescription description,
      Admission admission) {
    var endpoint = attach(key.nodeId(), config);
    return NetworkSwarm.start(key, config, book, description, admission, endpoint);
  }

  /** A place without a swarm in it. */
  synchronized MemoryEndpoint attach(NodeId node, TransportConfig config) {
    joined++;
    var address =
        new Address(first + ".0." + joined / 250 + "." + (joined % 250 + 1), Address.DEFAULT_PORT);
    var endpoint = new MemoryEndpoint(this, node, address, config);
    endpoints.put(address, endpoint);
    return endpoint;
  }

  /** Loses every link between two nodes, as when a cable is pulled and put back. */
  public void disconnect(NodeId a, NodeId b) {
    for (var endpoint : snapshot()) {
      if (endpoint.self().equals(a)) {
        endpoint.lose(b);
      }
    }
  }

  /** Loses every link between these nodes and all others, and lets none be made. */
  public void partition(Collection<NodeId> apart) {
    synchronized (this) {
      int side = sides.size() + 1;
      apart.forEach(node -> sides.put(node, side));
    }
    for (var endpoint : snapshot()) {
      endpoint.loseUnless(peer -> reachable(endpoint.self(), peer));
    }
  }

  /** Lets everyone reach everyone again. */
  public synchronized void heal() {
    sides.clear();
  }

  synchronized boolean reachable(NodeId a, NodeId b) {
    return sides.getOrDefault(a, 0).equals(sides.getOrDefault(b, 0));
  }

  synchronized MemoryEndpoint at(Address address, NodeId from) {
    var endpoint = endpoints.get(address);
    if (endpoint == null || !reachable(from, endpoint.self())) {
      throw new Fault(TransportCode.DIAL_FAILED, "nobody answers at " + address);
    }
    return endpoint;
  }

  synchronized void leave(MemoryEndpoint endpoint) {
    endpoints.values().remove(endpoint);
  }

  /** How many links a node has, whether its swarm counts them or not. */
  int connections(NodeId node) {
    return snapshot().stream()
        .filter(endpoint -> endpoint.self().equals(node))
        .mapToInt(MemoryEndpoint::connections)
        .sum();
  }

  private synchronized Set<MemoryEndpoint> snapshot() {
    return Set.copyOf(endpoints.values());
  }
}
