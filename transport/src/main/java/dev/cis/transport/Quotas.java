package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import java.net.InetAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The limits of this room, counted in one {@link Usage}. Thread-safe. */
public final class Quotas implements Doorkeeper {
  /** A peer and what it speaks. */
  record Speaker(NodeId peer, ProtocolId protocol) {
    @Override
    public String toString() {
      return peer.brief() + " " + protocol;
    }
  }

  // A refusal in words costs half a handshake.
  private static final int REFUSALS_A_SECOND = 50;
  // One part in so many of a network's handshakes may be begun without proof of an address.
  private static final int PROOF_SHARE = 4;

  private final Usage usage = new Usage();
  private final Rate refusals = new Rate();
  final Gauge connections;
  final Gauge dials;
  final Quota dialRate;
  final Rate dialled = new Rate();
  final Shares<NodeId> streams;
  final Shares<Speaker> protocols;
  final Quota streamRate;
  final Gauge frames;
  final OpenFiles files;
  private final Shares<String> perIp;
  private final Shares<String> perSubnet;
  private final Shares<String> perSite;
  private final Shares<String> perPrivateIp;
  private final Gauge busyHandshakes;
  private final Gauge handshakes;
  private final Shares<String> perNetwork;
  private final Gauge memory;
  private final Sampled memoryPerPeer;
  private final Set<Live> lives = ConcurrentHashMap.newKeySet();
  private final Set<Budget> budgets = ConcurrentHashMap.newKeySet();

  /** Nothing is used yet. */
  public Quotas(TransportConfig config) {
    var limits = config.limits();
    var sources = limits.sources();
    connections =
        usage.gauge(
            "connections and peers being dialled",
            "transport.max_connections",
            "connections",
            limits.maxConnections());
    perIp =
        usage.shares(
            "inbound connections from one address",
            "transport.max_connections_per_ip",
            "connections",
            sources.maxConnectionsPerIp());
    perSubnet =
        usage.shares(
            "inbound connections from one /24 or IPv6 /56",
            "transport.max_connections_per_subnet",
            "connections",
            sources.maxConnectionsPerSubnet());
    perSite =
        usage.shares(
            "inbound connections from one IPv6 /48",
            "transport.max_connections_per_site",
            "connections",
            sources.maxConnectionsPerSite());
    perPrivateIp =
        usage.shares(
            "inbound connections from one private address",
            "transport.max_connections_per_private_ip",
            "connections",
            sources.maxConnectionsPerPrivateIp());
    busyHandshakes =
        usage.gauge(
            "inbound handshakes without address validation",
            "transport.busy_handshakes",
            "handshakes",
            sources.busyHandshakes());
    handshakes =
        usage.gauge(
            "inbound handshakes under way",
            "transport.max_handshakes",
            "handshakes",
            sources.maxHandshakes());
    perNetwork =
        usage.shares(
            "inbound handshakes under way from one /24 or IPv6 /48",
            "transport.max_handshakes_per_network",
            "handshakes",
            sources.maxHandshakesPerNetwork());
    dials =
        usage.gauge(
            "addresses being dialled",
            "transport.max_dials",
            "dials",
            config.dialling().maxDials());
    dialRate =
        usage.add(
            new Sampled(
                "addresses dialled in this second",
                "transport.max_dial_rate",
                "dials/s",
                config.dialling().maxDialRate(),
                () -> dialled.current(Uptime.CLOCK.now().uptime())));
    streams =
        usage.shares(
            "streams of one peer",
            "transport.max_inbound_streams",
            "streams",
            limits.maxInboundStreams());
    protocols =
        usage.shares(
            "streams of one peer with one protocol",
            "transport.max_streams_per_protocol",
            "streams",
            limits.streams().maxStreamsPerProtocol());
    streamRate =
        usage.add(
            new Sampled(
                "streams opened by one peer in this second",
                "transport.max_stream_rate",
                "streams/s",
                limits.streams().maxStreamRate(),
                () -> lives.stream().mapToLong(Live::accepted).max().orElse(0)));
    frames = usage.gauge("largest message", "transport.max_frame", "bytes", limits.maxFrame());
    memory =
        usage.gauge(
            "bytes waiting for peers or readers",
            "transport.max_memory",
            "bytes",
            limits.resources().maxMemory());
    memoryPerPeer =
        usage.add(
            new Sampled(
                "bytes waiting for one peer or its readers",
                "transport.max_memory_per_peer",
                "bytes",
                limits.resources().maxMemoryPerPeer(),
                () -> budgets.stream().mapToLong(Budget::used).max().orElse(0)));
    files = new OpenFiles(usage, limits.resources().reservedFiles());
  }

  /** Where all limits are counted; other rooms may add theirs. */
  public Usage usage() {
    return usage;
  }

  void watch(Live live) {
    lives.add(live);
  }

  void unwatch(Live live) {
    lives.remove(live);
  }

  @Override
  public boolean isOverrun(InetAddress from) {
    return refusals.current(Uptime.CLOCK.now().uptime()) >= REFUSALS_A_SECOND
        && refusing(Source.of(from)) != null;
  }

  @Override
  public boolean mustProve(InetAddress from) {
    var source = Source.of(from);
    boolean prove =
        busyHandshakes.isExhausted() || isSuspicious(source) || refusing(source) != null;
    if (prove) {
      busyHandshakes.count();
    }
    return prove;
  }

  /**
   * Counts a handshake, and the connection that it leads to.
   *
   * @throws Fault {@code transport.busy}, naming the limit
   */
  public Guest enter(InetAddress from) {
    var source = Source.of(from);
    var full = tooMany(source);
    if (full == null && !handshakes.tryTake(1)) {
      full = handshakes;
    }
    if (full == null && !source.isPrivate() && !perNetwork.tryTake(source.network(), 1)) {
      handshakes.give(1);
      full = perNetwork;
    }
    if (full != null) {
      int _ = refusals.count(Uptime.CLOCK.now().uptime());
      throw full.fault(from.getHostAddress());
    }
    return new Guest(source);
  }

  /** The limit that a handshake from there would meet now. */
  private @Nullable Quota refusing(Source source) {
    if (handshakes.isExhausted()) {
      return handshakes;
    }
    if (!source.isPrivate() && full(perNetwork, source.network())) {
      return perNetwork;
    }
    return tooMany(source);
  }

  /**
   * Whether so much is under way from there that whoever forges addresses could soon have it all,
   * and lock out those who have them.
   */
  private boolean isSuspicious(Source source) {
    return !source.isPrivate()
        && perNetwork.used(source.network()) * PROOF_SHARE >= perNetwork.limit();
  }

  private @Nullable Quota tooMany(Source source) {
    if (source.isPrivate()) {
      return full(perPrivateIp, source.ip()) ? perPrivateIp : null;
    }
    if (full(perIp, source.ip())) {
      return perIp;
    }
    if (full(perSubnet, source.subnet())) {
      return perSubnet;
    }
    return !source.site().isEmpty() && full(perSite, source.site()) ? perSite : null;
  }

  private static boolean full(Shares<String> shares, String holder) {
    return shares.used(holder) >= shares.limit();
  }

  /** An inbound connection from its first packet on. */
  public final class Guest {
    private final Source source;
    private boolean shaking = true;
    private boolean here = true;

    private Guest(Source source) {
      this.source = source;
      busyHandshakes.take(1);
      count(1);
    }

    private void count(int change) {
      if (source.isPrivate()) {
        perPrivateIp.add(source.ip(), change);
        return;
      }
      perIp.add(source.ip(), change);
      perSubnet.add(source.subnet(), change);
      if (!source.site().isEmpty()) {
        perSite.add(source.site(), change);
      }
    }

    /** The handshake is done. */
    public synchronized void identified() {
      if (shaking) {
        shaking = false;
        handshakes.give(1);
        busyHandshakes.give(1);
        if (!source.isPrivate()) {
          perNetwork.give(source.network(), 1);
        }
      }
    }

    /** The connection is gone, or never came to be. */
    public synchronized void left() {
      identified();
      if (here) {
        here = false;
        count(-1);
      }
    }
  }

  /** What a new connection may buffer; closed with it. */
  public Budget budget() {
    var budget = new Budget();
    budgets.add(budget);
    return budget;
  }

  /**
   * The bytes that wait on one connection: received and not read, written and not yet sent, or part
   * of a message that has not come whole.
   */
  public final class Budget {
    private final AtomicLong used = new AtomicLong();

    private Budget() {}

    long used() {
      return used.get();
    }

    /** Counts bytes that are here already. */
    public void take(long bytes) {
      memory.take(bytes);
      memoryPerPeer.reached(used.addAndGet(bytes));
    }

    /** They wait no longer. */
    public void give(long bytes) {
      memory.give(bytes);
      used.addAndGet(-bytes);
    }

    /** Whether more should be left where it is. */
    public boolean isExhausted() {
      return memory.isExhausted() || used.get() >= memoryPerPeer.limit();
    }

    /**
     * Counts bytes for which there must be room.
     *
     * @throws Fault {@code transport.busy}, naming the limit
     */
    void claim(long bytes, String who) {
      if (used.get() + bytes > memoryPerPeer.limit()) {
        throw memoryPerPeer.fault(who);
      }
      if (!memory.tryTake(bytes)) {
        throw memory.fault(who);
      }
      memoryPerPeer.reached(used.addAndGet(bytes));
    }

    /** Notes the size of a message. */
    void frame(long bytes) {
      frames.reached(bytes);
    }

    /** Words for a message that is too large. */
    String refuseFrame(String who) {
      return frames.refuse(who);
    }

    /** The connection is gone. What waits for a reader still counts in the sum of all. */
    public void close() {
      budgets.remove(this);
    }
  }
}
