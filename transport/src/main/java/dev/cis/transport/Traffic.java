package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How much travels, with whom and for what, and how much may. Counted are the bytes of streams;
 * QUIC adds a few percent. Thread-safe.
 *
 * <p>Who may not send yet waits, in its turn; who may not receive yet does not read, so that QUIC's
 * flow control holds up the peer. A stream waits for the limit of its protocol, then for that of
 * its peer, then for that of the node.
 */
public final class Traffic {
  /** Peers without a connection that are remembered, and protocols. */
  static final int REMEMBERED = 1024;

  private final LongSupplier clock;
  private final Bandwidth config;
  private final Scope total;
  // Guarded by this; peers in the order of their first connection.
  private final Map<NodeId, Scope> peers = new LinkedHashMap<>();
  private final Map<String, Scope> protocols = new ConcurrentHashMap<>();
  private long forgottenIn;
  private long forgottenOut;

  /**
   * What goes one way.
   *
   * @param total bytes since the node started
   * @param second bytes a second, averaged over about a second
   * @param minute bytes a second, averaged over about a minute
   */
  public record Rates(long total, double second, double minute) {}

  /**
   * What one peer or protocol uses.
   *
   * @param limitIn bytes a second, 0 for no limit
   * @param limitOut bytes a second, 0 for no limit
   */
  public record Use(Rates in, Rates out, long limitIn, long limitOut, Priority priority) {}

  /**
   * Everything at one moment.
   *
   * @param protocols by the name without version
   */
  public record Look(Use total, Map<NodeId, Use> peers, SortedMap<String, Use> protocols) {}

  /**
   * Meters at zero, and the limits of the configuration.
   *
   * @param clock monotonic, nanoseconds
   */
  Traffic(Bandwidth config, LongSupplier clock) {
    this.config = config;
    this.clock = clock;
    this.total = new Scope("all peers", clock);
    limit(total, config.bandwidthIn(), config.bandwidthOut());
    for (var rule : config.rules()) {
      limit(protocol(rule.path()), rule.in(), rule.out());
    }
    rank(Greeting.PROTOCOL, Priority.CONTROL);
  }

  private static void limit(Scope scope, @Nullable Long in, @Nullable Long out) {
    if (in != null) {
      scope.in.limit(in);
    }
    if (out != null) {
      scope.out.limit(out);
    }
  }

  /**
   * Changes the limits of the whole node until it stops.
   *
   * @param in bytes a second, 0 for none, null leaves it
   * @param out bytes a second, 0 for none, null leaves it
   */
  public void limitAll(@Nullable Long in, @Nullable Long out) {
    check(in);
    check(out);
    limit(total, in, out);
  }

  /** Changes the limits of one peer until the node stops, connected or not. */
  public void limitPeer(NodeId peer, @Nullable Long in, @Nullable Long out) {
    check(in);
    check(out);
    limit(peer(peer), in, out);
  }

  /** Changes the limits of one protocol until the node stops, whatever its version. */
  public void limitProtocol(String path, @Nullable Long in, @Nullable Long out) {
    check(in);
    check(out);
    limit(protocol(ProtocolId.pathOf(path)), in, out);
  }

  private static void check(@Nullable Long rate) {
    if (rate != null && rate != 0 && rate < Bandwidth.SLOWEST) {
      throw new Fault(
          TransportCode.BAD_CONFIG,
          "a bandwidth limit is 0 (none) or at least "
              + Bandwidth.SLOWEST
              + " bytes a second, not "
              + rate);
    }
  }

  /** Says how the streams of a protocol are ranked, whatever its version. */
  public void rank(ProtocolId protocol, Priority priority) {
    protocol(protocol.path()).priority = priority;
  }

  /** What travels now. */
  public synchronized Look look() {
    long now = clock.getAsLong();
    var byPeer = new LinkedHashMap<NodeId, Use>();
    var in = new Rates(forgottenIn, 0, 0);
    var out = new Rates(forgottenOut, 0, 0);
    for (var entry : peers.entrySet()) {
      var use = entry.getValue().look(now);
      in = sum(in, use.in);
      out = sum(out, use.out);
      byPeer.put(entry.getKey(), use);
    }
    var byProtocol = new TreeMap<String, Use>();
    protocols.forEach((path, scope) -> byProtocol.put(path, scope.look(now)));
    return new Look(
        new Use(in, out, total.in.limit(), total.out.limit(), Priority.INTERACTIVE),
        byPeer,
        byProtocol);
  }

  private static Rates sum(Rates a, Rates b) {
    return new Rates(a.total + b.total, a.second + b.second, a.minute + b.minute);
  }

  /** A connection with the peer begins. */
  synchronized Scope enter(NodeId peer) {
    var scope = peer(peer);
    scope.users.incrementAndGet();
    return scope;
  }

  /** A stream; its protocol is null until the header is read. */
  Flow flow(Scope peer, @Nullable ProtocolId protocol) {
    return new Flow(total, peer, protocol == null ? null : protocol(protocol.path()), clock);
  }

  /** What is counted for a protocol. */
  Scope protocol(String path) {
    var known = protocols.get(path);
    return known == null ? newProtocol(path) : known;
  }

  private synchronized Scope newProtocol(String path) {
    var known = protocols.get(path);
    if (known != null) {
      return known;
    }
    if (protocols.size() >= REMEMBERED) {
      throw new Fault(
          TransportCode.BUSY, "more than " + REMEMBERED + " protocols are in use or have a limit");
    }
    var scope = new Scope(path, clock);
    protocols.put(path, scope);
    return scope;
  }

  private synchronized Scope peer(NodeId peer) {
    var known = peers.get(peer);
    if (known != null) {
      return known;
    }
    if (peers.size() >= REMEMBERED) {
      forgetOne();
    }
    var scope = new Scope(peer.brief(), clock);
    limit(scope, config.peerBandwidthIn(), config.peerBandwidthOut());
    peers.put(peer, scope);
    return scope;
  }

  /** Forgets the first peer that is not connected and has no limit of its own. */
  private void forgetOne() {
    var each = peers.values().iterator();
    while (each.hasNext()) {
      var scope = each.next();
      if (scope.users.get() == 0
          && scope.in.limit() == config.peerBandwidthIn()
          && scope.out.limit() == config.peerBandwidthOut()) {
        forgottenIn += scope.in.meter().total();
        forgottenOut += scope.out.meter().total();
        each.remove();
        return;
      }
    }
  }
}
