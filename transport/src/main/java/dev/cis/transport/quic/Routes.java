package dev.cis.transport.quic;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import dev.cis.transport.TransportCode;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Below QUIC: peers with a virtual address, and the real routes that their datagrams take. A
 * connection to a virtual address lives on while its route changes, from a relay to a direct path
 * and back, without QUIC noticing more than another round-trip time.
 *
 * <p>A virtual address is {@code [100::n]:1} with 64 bits {@code n} of the peer's id, from the
 * block that every router discards (RFC 6666), so one that leaks leads nowhere. What leaves for it
 * takes the route in {@link #use}; what arrives by a way that was {@linkplain #admit admitted}
 * counts as coming from it. QUIC's own encryption decides what is genuine, so a false admission
 * costs packets and betrays nothing.
 *
 * <p>A relayed datagram is one byte {@value #RELAYED}, the 64-bit id of a circuit in network order,
 * and the QUIC packet as it is. Nothing tells these from noise but the id, which the relay and both
 * ends keep to themselves, and the relay's address.
 *
 * <p>Below the routes there may be a {@link Tunnel}, which takes what is meant for some real
 * addresses.
 *
 * <p>Thread-safe.
 */
public final class Routes {
  /** First byte of a relayed datagram; neither QUIC nor STUN (RFC 9443). */
  public static final int RELAYED = 0x0D;

  /** Bytes before the QUIC packet in a relayed datagram. */
  public static final int HEAD = 9;

  /**
   * Largest QUIC packet on a virtual address: what every path carries (RFC 9000 section 14), since
   * the route may change at any time and QUIC probes only once. With the head, an IPv6 and a UDP
   * header it fits the smallest IPv6 link.
   */
  static final int MAX_PACKET = 1200;

  private static final int PORT = 1;
  private static final int MAX_PEERS = 16_384;
  // 100::/64
  private static final byte[] PREFIX = {1, 0, 0, 0, 0, 0, 0, 0};

  /** A way on which datagrams get to a peer and come from it. */
  public sealed interface Route {}

  /** Straight to where the peer's own socket, or its address translator, was found. */
  public record Direct(InetSocketAddress at) implements Route {}

  /**
   * Through a relay.
   *
   * @param relay the relay's socket
   * @param circuit our end of the circuit: what we send and get has this id
   */
  public record Relayed(InetSocketAddress relay, long circuit) implements Route {}

  private volatile @Nullable Tunnel tunnel;
  private final Map<InetAddress, Leaving> leaving = new ConcurrentHashMap<>();
  private final Map<Route, InetSocketAddress> arriving = new ConcurrentHashMap<>();

  /** What is sent to one peer, by the route of the moment. */
  static final class Leaving {
    // What comes by a circuit meanwhile was under way, or is the twin of what came straight.
    private static final long FRESH_NANOS = Duration.ofMillis(500).toNanos();

    final Route route;
    volatile @Nullable Route second;
    private long heardAt = System.nanoTime();
    private long unansweredSince;
    private boolean isAnswered = true;

    Leaving(Route route) {
      this.route = route;
    }

    synchronized void sent() {
      if (isAnswered) {
        isAnswered = false;
        unansweredSince = System.nanoTime();
      }
    }

    /** Something came straight from the peer. */
    synchronized void heard() {
      heardAt = System.nanoTime();
      isAnswered = true;
      second = null;
    }

    /** Something came by this circuit: the peer may have lost the direct path, or doubts it. */
    synchronized void heardBy(Relayed circuit) {
      if (route instanceof Direct && second == null && System.nanoTime() - heardAt > FRESH_NANOS) {
        second = circuit;
      }
    }

    synchronized Duration silence() {
      return isAnswered ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - unansweredSince);
    }
  }

  /** Where the swarm may dial this peer, whatever its routes are. */
  public static Address address(NodeId peer) {
    return Address.of(virtual(peer));
  }

  static InetSocketAddress virtual(NodeId peer) {
    var bytes = new byte[16];
    System.arraycopy(PREFIX, 0, bytes, 0, PREFIX.length);
    System.arraycopy(peer.bytes(), 0, bytes, PREFIX.length, 8);
    try {
      return new InetSocketAddress(InetAddress.getByAddress(bytes), PORT);
    } catch (UnknownHostException e) {
      throw new AssertionError("16 bytes are an address", e);
    }
  }

  static boolean isVirtual(InetAddress address) {
    if (!(address instanceof Inet6Address)) {
      return false;
    }
    byte[] bytes = address.getAddress();
    for (int i = 0; i < PREFIX.length; i++) {
      if (bytes[i] != PREFIX[i]) {
        return false;
      }
    }
    return true;
  }

  /**
   * What is sent to the peer takes this route from now on.
   *
   * @throws Fault {@code transport.busy} when 16,384 peers have routes
   */
  public void use(NodeId peer, Route route) {
    var at = virtual(peer).getAddress();
    if (leaving.size() >= MAX_PEERS && !leaving.containsKey(at)) {
      throw full();
    }
    leaving.put(at, new Leaving(route));
  }

  /** The route to the peer, if there is one. */
  public Optional<Route> route(NodeId peer) {
    return leaving(peer).map(to -> to.route);
  }

  /**
   * It is in doubt whether the direct route to the peer leads anywhere: what is sent takes this one
   * as well, until something comes straight from the peer or another route is {@linkplain #use
   * used}. QUIC drops what comes twice. The other side need not doubt it too: who hears by a
   * circuit from a peer to whom it sends directly, and has not heard straight from it for half a
   * second, answers by both.
   */
  public void doubt(NodeId peer, Relayed second) {
    leaving(peer).filter(to -> to.route instanceof Direct).ifPresent(to -> to.second = second);
  }

  /**
   * For how long nothing has come straight from the peer since something was sent to it by its
   * route, if that is a direct one; zero if nothing was sent since then.
   */
  public Duration silence(NodeId peer) {
    return leaving(peer)
        .filter(to -> to.route instanceof Direct)
        .map(Leaving::silence)
        .orElse(Duration.ZERO);
  }

  /** Something genuine that is no QUIC packet came from the peer from there. */
  public void heard(NodeId peer, InetSocketAddress from) {
    leaving(peer).filter(to -> to.route.equals(new Direct(from))).ifPresent(Leaving::heard);
  }

  private Optional<Leaving> leaving(NodeId peer) {
    return Optional.ofNullable(leaving.get(virtual(peer).getAddress()));
  }

  /** What is sent to the peer's virtual address is dropped from now on. */
  public void forget(NodeId peer) {
    leaving.remove(virtual(peer).getAddress());
  }

  /**
   * What comes this way is the peer's from now on.
   *
   * @throws Fault {@code transport.busy} when there are four ways for each of 16,384 peers
   */
  public void admit(NodeId peer, Route way) {
    if (arriving.size() >= 4 * MAX_PEERS && !arriving.containsKey(way)) {
      throw full();
    }
    arriving.put(way, virtual(peer));
  }

  /** It is not any more; whatever it was before. */
  public void dismiss(Route way) {
    arriving.remove(way);
  }

  /** What this takes goes through it from now on; null: nothing does. */
  public void tunnel(@Nullable Tunnel through) {
    tunnel = through;
  }

  /** The tunnel, if there is one. */
  public Optional<Tunnel> tunnel() {
    return Optional.ofNullable(tunnel);
  }

  /** Whether there is a tunnel. */
  public boolean isTunnelled() {
    return tunnel != null;
  }

  /** The tunnel that takes datagrams to this address, if there is one. */
  @Nullable Tunnel through(InetSocketAddress to) {
    var present = tunnel;
    return present != null && present.takes(to) ? present : null;
  }

  private static Fault full() {
    return new Fault(
        TransportCode.BUSY,
        "this node has routes for " + MAX_PEERS + " peers behind relays, and takes no more");
  }

  @Nullable Leaving leaving(InetAddress virtual) {
    return leaving.get(virtual);
  }

  @Nullable InetSocketAddress arriving(Route way) {
    return arriving.get(way);
  }

  boolean isEmpty() {
    return arriving.isEmpty();
  }
}
