package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The link with a peer: the one there is, or one that is dialled within the limits, when the peer's
 * last failures allow it or somebody asked for it.
 */
final class Connector {
  private final PeerBook book;
  private final Peers peers;
  private final Dials dials;
  private final Dialler dialler;
  private volatile boolean closed;

  Connector(PeerBook book, Peers peers, Dials dials, Dialler dialler) {
    this.book = book;
    this.peers = peers;
    this.dials = dials;
    this.dialler = dialler;
  }

  /**
   * The link with a peer.
   *
   * @param asked whether it is tried though it has just failed
   * @throws Fault what the dial failed with, {@code transport.backing-off}, {@code
   *     transport.closed}
   */
  Live connected(NodeId node, Deadline deadline, boolean asked) throws InterruptedException {
    checkOpen();
    var live = peers.live(node);
    if (live != null) {
      return live;
    }
    if (!asked) {
      dials.check(node, addresses(node));
    }
    try (var _ = peers.reserve(node)) {
      return dialled(node, deadline);
    }
  }

  void reach(NodeId node, Duration within) throws InterruptedException {
    var _ = connected(node, Deadline.in(within), true);
  }

  /** Dials whoever is there. */
  Live dialled(Address address, Duration within) throws InterruptedException {
    checkOpen();
    // A limit of our own says nothing against the address.
    try (var _ = peers.reserve(null)) {
      return reserved(address, within);
    }
  }

  private Live reserved(Address address, Duration within) throws InterruptedException {
    try {
      var live = dialler.dial(address, within);
      dials.succeeded(address);
      dials.succeeded(live.peer());
      return live;
    } catch (Fault e) {
      if (isUnreached(e)) {
        dials.failed(address, e);
      }
      throw e;
    }
  }

  private Live dialled(NodeId node, Deadline deadline) throws InterruptedException {
    try {
      var live = dialler.dial(node, deadline);
      dials.succeeded(node);
      return live;
    } catch (Fault e) {
      if (isUnreached(e)) {
        dials.failed(node, addresses(node), e);
      }
      throw e;
    }
  }

  /** Whether the peer was asked and did not let us in. */
  private static boolean isUnreached(Fault e) {
    return e.code() instanceof TransportCode code
        && switch (code) {
          case DIAL_FAILED, DIAL_TIMEOUT, WRONG_IDENTITY, WRONG_ALPN, NO_CERTIFICATE -> true;
          case REFUSED, CONNECTION_LOST, BUSY -> true;
          default -> false;
        };
  }

  /** The peer is not dialled for a while unless somebody asks for it. */
  void rest(Live live, String why) {
    dials.trimmed(live.peer(), addresses(live.peer()), why);
  }

  private Set<Address> addresses(NodeId node) {
    return book.find(node).stream()
        .flatMap(entry -> entry.addresses().stream())
        .map(PeerBook.Known::address)
        .collect(Collectors.toSet());
  }

  /** Nothing is dialled any more. */
  void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }

  void checkOpen() {
    if (closed) {
      throw new Fault(TransportCode.CLOSED, "this node is stopping");
    }
  }

  static Fault interrupted(String what) {
    Thread.currentThread().interrupt();
    return new Fault(TransportCode.CLOSED, what + " was interrupted");
  }
}
