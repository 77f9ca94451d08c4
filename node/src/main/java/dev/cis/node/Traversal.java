package dev.cis.node;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import dev.cis.nat.Datagrams;
import dev.cis.nat.NatConfig;
import dev.cis.nat.punch.HolePunching;
import dev.cis.nat.relay.RelayClient;
import dev.cis.nat.turn.TurnFallback;
import dev.cis.transport.Address;
import dev.cis.transport.Link;
import dev.cis.transport.Swarm;
import dev.cis.transport.quic.Routes;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Relays, direct paths and, where no UDP gets out, the TURN server of one node. */
public final class Traversal implements AutoCloseable {
  private static final int ASKED = 4;
  private static final Duration ANSWER = Duration.ofSeconds(3);

  private final RelayClient relays;
  private final HolePunching punching;
  private final Routes routes;
  private final @Nullable TurnFallback turn;

  private Traversal(
      RelayClient relays, HolePunching punching, Routes routes, @Nullable TurnFallback turn) {
    this.relays = relays;
    this.punching = punching;
    this.routes = routes;
    this.turn = turn;
  }

  static Traversal start(
      Swarm swarm,
      Datagrams datagrams,
      NatConfig nat,
      boolean reserve,
      Consumer<List<NodeId>> relaysChanged) {
    var relays =
        RelayClient.start(
            swarm, datagrams.routes(), reserve ? RelayClient.RELAYS : 0, relaysChanged);
    var punching = HolePunching.start(swarm, datagrams, relays, Uptime.CLOCK);
    var turn =
        nat.turn().isEmpty()
            ? null
            : TurnFallback.start(
                nat,
                datagrams,
                () -> isUdpSeen(swarm),
                () -> {
                  punching.networkChanged();
                  swarm.networkChanged();
                },
                Uptime.CLOCK);
    return new Traversal(relays, punching, datagrams.routes(), turn);
  }

  /** Whether one of the connections over the internet that no tunnel carries answers now. */
  private static boolean isUdpSeen(Swarm swarm) {
    var asking =
        swarm.links().stream()
            .filter(link -> link.path().equals(Link.DIRECT) && !link.remote().isPrivate())
            .limit(ASKED)
            .map(link -> (Callable<Duration>) () -> swarm.ping(link.peer(), ANSWER))
            .toList();
    if (asking.isEmpty()) {
      return false;
    }
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      return threads.invokeAny(asking).isPositive();
    } catch (ExecutionException e) {
      return false; // none of them
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
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

  /** How the TURN servers of the configuration are used, in words; empty if there are none. */
  public Optional<String> turn() {
    return Optional.ofNullable(turn).map(TurnFallback::state);
  }

  /** Looks at once whether UDP works. */
  void networkChanged() {
    if (turn != null) {
      turn.networkChanged();
    }
  }

  @Override
  public void close() {
    if (turn != null) {
      turn.close();
    }
    punching.close();
    relays.close();
  }
}
