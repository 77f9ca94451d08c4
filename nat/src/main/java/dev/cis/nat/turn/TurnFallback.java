package dev.cis.nat.turn;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.time.Now;
import dev.cis.nat.Datagrams;
import dev.cis.nat.NatConfig;
import dev.cis.nat.UdpCheck;
import dev.cis.transport.Address;
import dev.cis.transport.quic.Tunnel;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * For networks that let no UDP out: takes an address on a TURN server by TCP, through which
 * everything goes that leaves the local network, until UDP works again. Whether it does is looked
 * at at the start, every 10 s, and when the network has changed: a connection over the internet
 * that answers shows it, else the servers are asked by UDP. So UDP that stops is noticed before
 * connections time out, and they go on through the tunnel.
 */
public final class TurnFallback implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TurnFallback.class);
  private static final Duration CHECK = Duration.ofSeconds(10);
  private static final Duration AGAIN = Duration.ofSeconds(10);
  private static final Duration OPEN = Duration.ofSeconds(15);

  private final NatConfig config;
  private final Datagrams datagrams;
  private final Supplier<Now> clock;
  private final BooleanSupplier isUdpSeen;
  private final Runnable changed;
  private final Semaphore stirred = new Semaphore(0);
  private final Thread thread;
  private volatile @Nullable Allocated present;
  private volatile String state = "not checked yet";
  private volatile boolean closed;

  /** What is open. */
  private record Allocated(TurnServer server, TurnAllocation allocation) {}

  private TurnFallback(
      NatConfig config,
      Datagrams datagrams,
      BooleanSupplier isUdpSeen,
      Runnable changed,
      Supplier<Now> clock) {
    this.config = config;
    this.datagrams = datagrams;
    this.isUdpSeen = isUdpSeen;
    this.changed = changed;
    this.clock = clock;
    this.thread = Thread.ofVirtual().name("turn-fallback").unstarted(this::look);
  }

  /**
   * Looks from now on whether UDP works.
   *
   * @param isUdpSeen whether a connection over the internet answers by UDP alone; may block for
   *     some seconds
   * @param changed called when the tunnel was opened or closed: everything is to be tried anew
   */
  public static TurnFallback start(
      NatConfig config,
      Datagrams datagrams,
      BooleanSupplier isUdpSeen,
      Runnable changed,
      Supplier<Now> clock) {
    var fallback = new TurnFallback(config, datagrams, isUdpSeen, changed, clock);
    fallback.thread.start();
    return fallback;
  }

  /** How it stands, in words: whether UDP works, by which server the tunnel goes, why not. */
  public String state() {
    return state;
  }

  /** The address on the server by which peers see us, while there is one. */
  public Optional<InetSocketAddress> relayed() {
    return Optional.ofNullable(present).map(open -> open.allocation.relayed());
  }

  /** Checks at once. */
  public void networkChanged() {
    stirred.release();
  }

  private void look() {
    try {
      while (!closed) {
        var wait = check();
        var _ = stirred.tryAcquire(wait.toMillis(), TimeUnit.MILLISECONDS);
        var _ = stirred.drainPermits();
      }
    } catch (InterruptedException e) {
      LOG.debug("event=turn-fallback-ended");
    }
  }

  private Duration check() {
    var servers = servers();
    boolean works;
    try {
      works = isUdpSeen.getAsBoolean() || isHeard(servers);
    } catch (Fault e) {
      LOG.debug("event=udp-check-failed reason=\"{}\"", e.getMessage());
      return AGAIN;
    }
    if (works) {
      state = "not needed: UDP works";
      leave();
      return CHECK;
    }
    return present != null || enter(servers) ? CHECK : AGAIN;
  }

  private boolean isHeard(List<TurnServer> servers) {
    var sockets = servers.stream().map(TurnServer::address).toList();
    return isHeard(sockets, false) || isHeard(sockets, true);
  }

  private boolean isHeard(List<InetSocketAddress> sockets, boolean v6) {
    return UdpCheck.isHeard(
        sockets.stream().filter(at -> (at.getAddress() instanceof Inet6Address) == v6).toList(),
        clock);
  }

  private boolean enter(List<TurnServer> servers) {
    for (var server : servers) {
      try {
        var allocation = TurnAllocation.open(server, new Arriving(), clock, OPEN);
        var open = new Allocated(server, allocation);
        present = open;
        datagrams.routes().tunnel(new Leaving(allocation, LocalNetworks.now()));
        state = "no UDP gets out: " + server + " gives us " + Address.of(allocation.relayed());
        LOG.info(
            "event=turn-tunnel-open server={} relayed={}",
            server,
            Address.of(allocation.relayed()));
        changed.run();
        return true;
      } catch (Fault e) {
        state = "no UDP gets out, and " + e.getMessage();
        LOG.info("event=turn-tunnel-failed server={} reason=\"{}\"", server, e.getMessage());
      }
    }
    return false;
  }

  private void leave() {
    var open = present;
    if (open != null) {
      present = null;
      datagrams.routes().tunnel(null);
      open.allocation.close();
      LOG.info("event=turn-tunnel-closed server={} reason=\"UDP works\"", open.server);
      changed.run();
    }
  }

  /** The first address of each server; names are looked up anew each time. */
  private List<TurnServer> servers() {
    var all = new ArrayList<TurnServer>();
    for (var address : config.turn()) {
      try {
        var at = new InetSocketAddress(InetAddress.getByName(address.host()), address.port());
        all.add(
            new TurnServer(at, TurnServer.Transport.TCP, config.turnUser(), config.turnPassword()));
      } catch (UnknownHostException e) {
        state = "no address for the name " + address.host() + " in nat.turn";
        LOG.info("event=turn-name-unknown host={}", address.host());
      }
    }
    return all;
  }

  private final class Arriving implements TurnAllocation.Receiver {
    @Override
    public void received(InetSocketAddress peer, byte[] datagram) {
      datagrams.arrived(datagram, peer);
    }

    @Override
    public void lost(Fault reason) {
      LOG.info("event=turn-tunnel-lost reason=\"{}\"", reason.getMessage());
      present = null;
      datagrams.routes().tunnel(null);
      stirred.release();
    }
  }

  /** Takes what leaves the local network. */
  private record Leaving(TurnAllocation allocation, LocalNetworks local) implements Tunnel {
    @Override
    public boolean takes(InetSocketAddress to) {
      boolean six = to.getAddress() instanceof Inet6Address;
      return six == (allocation.relayed().getAddress() instanceof Inet6Address)
          && !local.contains(to.getAddress());
    }

    @Override
    public void send(InetSocketAddress to, ByteBuffer datagram) {
      allocation.send(to, datagram);
    }

    @Override
    public void close() {
      allocation.close();
    }
  }

  /** Looks no more. The tunnel is closed with the {@link Datagrams}, when all is said. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
