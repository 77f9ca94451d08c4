package dev.cis.transport.memory;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import dev.cis.transport.Link;
import dev.cis.transport.Network;
import dev.cis.transport.Quotas;
import dev.cis.transport.TransportCode;
import dev.cis.transport.TransportConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** One node's place in the network. */
final class MemoryEndpoint implements Network {
  private final MemoryNetwork network;
  private final NodeId self;
  private final Address address;
  private final int window;
  private final Quotas quotas;
  private final Set<MemoryLink> links = ConcurrentHashMap.newKeySet();
  private volatile @Nullable Consumer<Link> acceptor;
  private volatile boolean closed;

  MemoryEndpoint(MemoryNetwork network, NodeId self, Address address, TransportConfig config) {
    this.network = network;
    this.self = self;
    this.address = address;
    this.window = config.wire().streamWindow();
    this.quotas = new Quotas(config);
  }

  NodeId self() {
    return self;
  }

  @Override
  public List<Address> localAddresses() {
    return List.of(address);
  }

  @Override
  public Link dial(InetSocketAddress to, @Nullable NodeId expected, Duration within) {
    if (closed) {
      throw new Fault(TransportCode.CLOSED, "this node is stopping");
    }
    var target = Address.of(to);
    var there = network.at(target, self);
    if (expected != null && !expected.equals(there.self)) {
      throw new Fault(
          TransportCode.WRONG_IDENTITY,
          target + " is " + there.self.brief() + ", not " + expected.brief());
    }
    var accept = there.acceptor;
    if (accept == null || there.closed) {
      throw new Fault(TransportCode.DIAL_FAILED, "nobody answers at " + target);
    }
    var guest = there.quotas.enter(InetAddress.ofLiteral(address.host()));
    guest.identified();
    var ours = new MemoryLink(there.self, true, target, window, quotas.budget(), links, () -> {});
    var theirs =
        new MemoryLink(
            self, false, address, there.window, there.quotas.budget(), there.links, guest::left);
    ours.join(theirs);
    accept.accept(theirs);
    // Either side may have been closed or cut off meanwhile, after its links were ended.
    if (closed || there.closed || !network.reachable(self, there.self)) {
      ours.end("lost");
    }
    return ours;
  }

  @Override
  public Quotas quotas() {
    return quotas;
  }

  @Override
  public void accept(Consumer<Link> consumer) {
    acceptor = consumer;
  }

  int connections() {
    return links.size();
  }

  /** Loses the links to one peer. */
  void lose(NodeId peer) {
    loseUnless(other -> !other.equals(peer));
  }

  void loseUnless(Predicate<NodeId> reachable) {
    for (var link : List.copyOf(links)) {
      if (!reachable.test(link.peer())) {
        link.end("lost");
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    network.leave(this);
    loseUnless(peer -> false);
  }
}
