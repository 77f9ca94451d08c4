package dev.cis.node;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import dev.cis.nat.Datagrams;
import dev.cis.nat.punch.HolePunching;
import dev.cis.nat.relay.RelayClient;
import dev.cis.transport.Swarm;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Relays and direct paths of one node. */
public final class Traversal implements AutoCloseable {
  private final RelayClient relays;
  private final HolePunching punching;

  private Traversal(RelayClient relays, HolePunching punching) {
    this.relays = relays;
    this.punching = punching;
  }

  static Traversal start(
      Swarm swarm, Datagrams datagrams, boolean reserve, Consumer<List<NodeId>> relaysChanged) {
    var relays =
        RelayClient.start(
            swarm, datagrams.routes(), reserve ? RelayClient.RELAYS : 0, relaysChanged);
    return new Traversal(relays, HolePunching.start(swarm, datagrams, relays, Uptime.CLOCK));
  }

  /** The relays through which this node can be reached. */
  public List<NodeId> relays() {
    return relays.relays();
  }

  /** How the search for a direct path to a peer stands, in words; empty if there is none. */
  public Optional<String> search(NodeId peer) {
    return punching.state(peer);
  }

  @Override
  public void close() {
    punching.close();
    relays.close();
  }
}
