package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The link with a peer: the one there is, or one that is dialled within the limits, when the peer's
 * last failures allow it or somebody asked for it.
 */
final class Connector {
  private final PeerBook book;
  private final Peers peers;
  private final Dials dials;
  private final Dismissals dismissals;
  private final Dialler dialler;
  private volatile boolean closed;

  Connector(PeerBook book, Peers peers, Dials dials, Dismissals dismissals, Dialler dialler) {
    this.book = book;
    this.peers = peers;
    this.dials = dials;
    this.dismissals = dismissals;
    this.dialler = dialler;
  }

  /**
   * The link with a peer.
   *
   * @param asked whether a user wants it: it is tried though it has just failed or was dismissed
   * @throws Fault what the dial failed with, {@code transport.backing-off}, {@code
   *     transport.closed}
   */
  Live connected(NodeId node, Deadline deadline, boolean asked) throws InterruptedException {
    checkOpen();
    var live = peers.live(node);
    if (live != null) {
      return live;
    }
    if (asked) {
      dismissals.end(node);
    } else {
      dismissals.check(node);
      dials.check(node, addresses(node));
    }
    return reserved(node, deadline);
  }

  private Live reserved(NodeId node, Deadline deadline) throws InterruptedException {
    try (var _ = peers.reserve(node)) {
      return dialled(node, deadline);
    }
  }

  /** Dials the peer unless it is linked, though it has just failed, but not if dismissed. */
  void reach(NodeId node, Duration within) throws InterruptedException {
    checkOpen();
    if (peers.live(node) == null) {
      dismissals.check(node);
      var _ = reserved(node, Deadline.in(within));
    }
  }

  /** Fails if nobody is to be dialled at this address now, unless a user wants it. */
  void check(Address address) {
    dismissals.check(address);
    dials.check(address);
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

  /** Why the peer is left alone, if it is. */
  Optional<Swarm.Resting> resting(NodeId node) {
    return dismissals.resting(node).or(() -> dials.resting(node));
  }

  /** The peer is not dialled for a while unless somebody asks for it. */
  void rest(Live live, String why) {
    dials.trimmed(live.peer(), addresses(live.peer()), why);
  }

  /**
   * Ends the connection with a peer, of which its user is to hear, or says for none that it is not
   * to be made.
   *
   * @return whether there was one
   */
  boolean dismiss(NodeId node) {
    var live = peers.live(node);
    dismissed(node, live, "it was disconnected here");
    if (live == null) {
      return false;
    }
    var reason = "disconnected by the operator";
    live.link.close(Link.DISMISSED, reason);
    peers.ended(live, reason);
    return true;
  }

  private void dismissed(NodeId node, @Nullable Live live, String why) {
    var at = addresses(node);
    if (live != null) {
      at.add(live.link.remote());
    }
    dismissals.begin(node, at, why);
  }

  /**
   * A link has ended; the peer may have asked to be left alone.
   *
   * @return whether its user did
   */
  boolean ended(Live live, String reason) {
    long code = live.link.peerCloseCode();
    var why = "it closed the connection: " + Wording.printable(reason);
    if (code == Link.TRIMMED) {
      rest(live, why);
    }
    var present = peers.live(live.peer());
    boolean isDismissed = code == Link.DISMISSED && (present == null || present == live);
    if (isDismissed) {
      dismissed(live.peer(), live, why);
    }
    peers.ended(live, reason);
    return isDismissed;
  }

  private Set<Address> addresses(NodeId node) {
    return book.find(node).stream()
        .flatMap(entry -> entry.addresses().stream())
        .map(PeerBook.Known::address)
        .collect(Collectors.toCollection(HashSet::new));
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
