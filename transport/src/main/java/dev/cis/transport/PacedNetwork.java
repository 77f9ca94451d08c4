package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A network on which each dial waits for its turn. */
record PacedNetwork(Network network, Dials dials, Counters counters) implements Network {
  @Override
  public Link dial(InetSocketAddress to, @Nullable NodeId expected, Duration within)
      throws InterruptedException {
    var deadline = Deadline.in(within);
    try (var _ = dials.turn(within)) {
      var link = network.dial(to, expected, deadline.remaining());
      counters.dialled();
      return link;
    } catch (Fault e) {
      counters.dialFailed();
      throw e;
    }
  }

  @Override
  public void qlog(NodeId peer, @Nullable Path directory) {
    network.qlog(peer, directory);
  }

  @Override
  public List<Address> localAddresses() {
    return network.localAddresses();
  }

  @Override
  public Set<InetAddress> interfaceAddresses() {
    return network.interfaceAddresses();
  }

  @Override
  public void accept(Consumer<Link> links) {
    network.accept(links);
  }

  @Override
  public Quotas quotas() {
    return network.quotas();
  }

  @Override
  public void close() {
    network.close();
  }
}
