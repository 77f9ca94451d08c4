package dev.cis.node;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import dev.cis.nat.Datagrams;
import dev.cis.nat.punch.HolePunching;
import dev.cis.nat.relay.RelayClient;
import dev.cis.transport.Address;
import dev.cis.transport.Swarm;
import dev.cis.transport.quic.Routes;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Relays and direct paths of one node. */
public final class Traversal implements AutoCloseable {
  private final RelayClient relays;
  private final HolePunching punching;
  private final Routes routes;

  private Traversal(RelayClient relays, HolePunching punching, Routes routes) {
    this.relays = relays;
    this.punching = punching;
    this.routes = routes;
  }

  static Traversal start(
      Swarm swarm, Datagrams datagrams, boolean reserve, Consumer<List<NodeId>> relaysChanged) {
    var relays =
        RelayClient.start(
            swarm, datagrams.routes(), reserve ? RelayClient.RELAYS : 0, relaysChanged);
    var punching = HolePunching.start(swarm, datagrams, relays, Uptime.CLOCK);
    return new Traversal(relays, punching, datagrams.routes());
  }

  /** The relays through which this node can be reached. */
  public List<NodeId> relays() {
    return relays.relays();
  }

  /** How the search for a direct path to a peer stands, in words; empty if there is none. */
  public Optional<String> search(NodeId peer) {
    return punching.state(peer);
  }

  /** In how long the next search begins, while one is waited for. */
  public Optional<Duration> nextSearch(NodeId peer) {
    return punching.next(peer);
  }

  /** The relay through which packets to a peer go at present. */
  public Optional<NodeId> relay(NodeId peer) {
    return relays.relay(peer);
  }

  /** Where packets to a peer go that was moved from a relay to a direct path. */
  public Optional<Address> moved(NodeId peer) {
    return routes
        .route(peer)
        .filter(Routes.Direct.class::isInstance)
        .map(route -> Address.of(((Routes.Direct) route).at()));
  }

  /** What came of asking relays to join this node with a peer. */
  public List<RelayClient.Attempt> attempts(NodeId peer) {
    return relays.attempts(peer);
  }

  @Override
  public void close() {
    punching.close();
    relays.close();
  }
}
