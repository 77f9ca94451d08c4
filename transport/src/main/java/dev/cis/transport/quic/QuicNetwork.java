package dev.cis.transport.quic;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import dev.cis.transport.Link;
import dev.cis.transport.Network;
import dev.cis.transport.Quotas;
import dev.cis.transport.TransportCode;
import dev.cis.transport.TransportConfig;
import io.netty.channel.EventLoopGroup;
import io.netty.util.ResourceLeakDetector;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop, its own unless it is told to share one, one socket per listen address, and the
 * links on them.
 */
final class QuicNetwork implements Network {
  private static final Logger LOG = LoggerFactory.getLogger(QuicNetwork.class);
  private static final long CLOSE_MILLIS = 1_000;

  static {
    // Netty's search for leaks takes a stack trace of every 128th buffer, which shows in the
    // profile
    // of a bulk transfer. Whoever looks for a leak says so with its property.
    if (System.getProperty("io.netty.leakDetection.level") == null) {
      ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
    }
  }

  private final EventLoopGroup group;
  private final boolean shared;
  private final List<UdpSocket> sockets = new ArrayList<>();
  private final Set<QuicLink> links = ConcurrentHashMap.newKeySet();
  private final List<Link> unclaimed = new ArrayList<>();
  private @Nullable Consumer<Link> acceptor;
  private final Quotas quotas;
  private final Qlogs qlogs = new Qlogs();
  private volatile boolean closed;

  private QuicNetwork(Quotas quotas, @Nullable EventLoops loops) {
    this.quotas = quotas;
    shared = loops != null;
    group = loops == null ? EventLoops.group(1) : loops.next();
  }

  static QuicNetwork bind(KeyPair key, TransportConfig config, RawDatagrams raw) {
    return bind(key, config, raw, null);
  }

  static QuicNetwork bind(
      KeyPair key, TransportConfig config, RawDatagrams raw, @Nullable EventLoops loops) {
    return bind(Tls.Contexts.of(key, config.handshakes()), config, raw, loops);
  }

  static QuicNetwork bind(Tls.Contexts tls, TransportConfig config, RawDatagrams raw) {
    return bind(tls, config, raw, null);
  }

  private static QuicNetwork bind(
      Tls.Contexts tls, TransportConfig config, RawDatagrams raw, @Nullable EventLoops loops) {
    var network = new QuicNetwork(new Quotas(config), loops);
    var junction = new Junction(raw.routes());
    try {
      for (var address : config.listen()) {
        network.sockets.add(
            UdpSocket.bind(
                network.group,
                address,
                tls,
                config,
                network.quotas,
                raw,
                junction,
                network::authenticated));
      }
      return network;
    } catch (Fault e) {
      network.close();
      throw e;
    }
  }

  private void authenticated(QuicLink link) {
    track(link);
    Consumer<Link> told;
    synchronized (this) {
      told = acceptor;
      if (told == null) {
        unclaimed.add(link);
        return;
      }
    }
    told.accept(link);
  }

  private void track(QuicLink link) {
    links.add(link);
    link.channel().closeFuture().addListener(done -> links.remove(link));
  }

  @Override
  public void accept(Consumer<Link> consumer) {
    List<Link> before;
    synchronized (this) {
      acceptor = consumer;
      before = List.copyOf(unclaimed);
      unclaimed.clear();
    }
    before.forEach(consumer);
  }

  @Override
  public Quotas quotas() {
    return quotas;
  }

  @Override
  public List<Address> localAddresses() {
    return sockets.stream().flatMap(socket -> socket.addresses().stream()).distinct().toList();
  }

  @Override
  public List<Address> boundAddresses() {
    return sockets.stream().map(socket -> Address.of(socket.local())).distinct().toList();
  }

  @Override
  public Set<InetAddress> interfaceAddresses() {
    var all = new HashSet<InetAddress>();
    try {
      for (var nic : NetworkInterface.networkInterfaces().toList()) {
        if (nic.isUp()) {
          nic.inetAddresses().forEach(all::add);
        }
      }
    } catch (SocketException e) {
      LOG.debug("event=no-interfaces message={}", e.getMessage());
    }
    return all;
  }

  @Override
  public void qlog(NodeId peer, @Nullable Path directory) {
    qlogs.set(peer, directory);
  }

  @Override
  public Link dial(InetSocketAddress to, @Nullable NodeId expected, Duration within)
      throws InterruptedException {
    if (closed) {
      throw new Fault(TransportCode.CLOSED, "this node is stopping");
    }
    var socket =
        sockets.stream()
            .filter(candidate -> candidate.reaches(to) || Routes.isVirtual(to.getAddress()))
            .findFirst()
            .orElseThrow(() ->
                new Fault(
                    TransportCode.DIAL_FAILED,
                    "no socket of p2p.listen can reach " + Address.of(to)));
    var result = new CompletableFuture<QuicLink>();
    var attempt = socket.dial(to, expected, qlogs.next(expected), within, result);
    try {
      var link =
          result.get(within.toNanos() + Duration.ofMillis(500).toNanos(), TimeUnit.NANOSECONDS);
      track(link);
      return link;
    } catch (TimeoutException e) {
      attempt.run();
      throw new Fault(
          TransportCode.DIAL_TIMEOUT,
          Address.of(to) + " did not answer within " + within.toMillis() + " ms");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Fault fault) {
        throw fault;
      }
      throw new Fault(TransportCode.DIAL_FAILED, "cannot dial " + Address.of(to), e.getCause());
    } catch (InterruptedException e) {
      attempt.run();
      throw e;
    }
  }

  /** How many connections with a known peer there are. */
  int connections() {
    return links.size();
  }

  /** Vanishes without a goodbye, as a killed process does. */
  void vanish() {
    closed = true;
    sockets.forEach(UdpSocket::close);
    if (!shared) {
      var _ = group.shutdownGracefully(0, CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public void close() {
    closed = true;
    var channels = links.stream().map(QuicLink::channel).toList();
    for (var channel : channels) {
      var _ = channel.close();
    }
    try {
      for (var channel : channels) {
        boolean _ = channel.closeFuture().await(CLOSE_MILLIS);
      }
      for (var socket : sockets) {
        socket.close();
      }
      if (!shared) {
        boolean _ =
            group
                .shutdownGracefully(0, CLOSE_MILLIS, TimeUnit.MILLISECONDS)
                .await(2 * CLOSE_MILLIS);
      }
    } catch (InterruptedException e) {
      if (!shared) {
        var _ = group.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS);
      }
      Thread.currentThread().interrupt();
    }
  }
}
