package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * All peers of a node: one connection to each, dialled and kept. This is what the rooms above use.
 * Thread-safe; blocking calls belong on virtual threads.
 *
 * <p>Right after a connection is established the two sides exchange their signed peer records
 * ({@code /cis/sys/identify/1.0}) together with the address at which they see each other; listeners
 * hear of a peer only after that.
 */
public interface Swarm extends AutoCloseable {
  /** Who this node is. */
  NodeId self();

  /** Who may do what. */
  Admission admission();

  /** The addresses that the sockets are bound to. */
  List<Address> localAddresses();

  /** What the sockets are bound to, wildcards as they are. */
  List<Address> boundAddresses();

  /** The address book. */
  PeerBook book();

  /** Our own current record. */
  Signed<PeerRecord> record();

  /** How much travels, and the limits on it. */
  Traffic traffic();

  /** What happened since the start. Waits half a second at most for the latest figures. */
  Counters.Look counters();

  /** How the latest connections ended, newest first: at most four of each of 1,024 peers. */
  List<Counters.End> ends();

  /**
   * Records the traffic with a peer as qlog, packet by packet. Only a new connection that this node
   * dials can be recorded, so the present one ends, and the streams on it.
   *
   * @return the file, which grows until {@link #qlogStop} or the end of the connection
   * @throws dev.cis.kernel.fault.Fault {@code transport.qlog-failed} and those of {@link #connect}
   */
  Path qlog(NodeId node, Path directory, Duration within);

  /** Ends the recording, and the connection; false if nothing was recorded. */
  boolean qlogStop(NodeId node);

  /** Changes what our record says; connected peers are told. */
  void describe(PeerDescription description);

  /** Asks this source too when looking for a peer. */
  void addSource(AddressSource source);

  /**
   * Makes sure that there is a connection to the peer, dialling every address known or found until
   * one answers. Returns at once when there is one. Fails at once while the peer is to be left
   * alone, because it could not be reached a moment ago.
   *
   * @throws dev.cis.kernel.fault.Fault {@code transport.no-address}, {@code transport.dial-failed}
   *     (naming each address and its error), {@code transport.dial-timeout}, {@code
   *     transport.backing-off}, {@code transport.busy}
   */
  PeerLink connect(NodeId node, Duration within);

  /** Dials an address without knowing who is there; the answer tells. */
  PeerLink connect(Address address, Duration within);

  /**
   * The same for a user who asks for it now: dials however often it has failed, and though it was
   * disconnected.
   */
  PeerLink connectNow(NodeId node, Duration within);

  /** The same for somebody who asks for it now. */
  PeerLink connectNow(Address address, Duration within);

  /**
   * Ends the connection because a user wants none. For a time ({@link Dialling#disconnectRest})
   * neither side dials the other by itself, so {@link #connect} and everything that would dial
   * fails with {@code transport.backing-off}; a peer that is kept here is not redialled after that
   * time either. {@link #connectNow} and {@link #recall} end the rest, on either side, and so does
   * a connection that comes from the peer.
   *
   * @return false if there was no connection
   */
  boolean disconnect(NodeId node);

  /**
   * A user wants the peer after all: nothing holds back dials after {@link #disconnect} any more.
   */
  void recall(NodeId node);

  /**
   * Ends the connection, which either side may make anew at once.
   *
   * @param reason in words, for both sides
   * @return false if there was none
   */
  boolean hangUp(NodeId node, String reason);

  /**
   * Keeps a connection to the peer: it is redialled with backoff whenever it is lost, never closed
   * for being of little use, and takes the place of another when there are too many.
   *
   * @param tag who wants it so; the peer is kept as long as anyone does
   */
  void keep(NodeId node, String tag);

  /** Takes back what was said with the same tag; an existing connection stays. */
  void release(NodeId node, String tag);

  /** Keeps a connection to a peer that the operator has chosen. */
  default void keep(NodeId node) {
    keep(node, "operator");
  }

  /** The operator does not want it kept any more. */
  default void release(NodeId node) {
    release(node, "operator");
  }

  /** Whether anyone wants the peer kept, connected or not. */
  boolean isKept(NodeId node);

  /** Why the peer is not dialled at present unless a user asks for it; empty if it may be. */
  Optional<Resting> resting(NodeId node);

  /** The limits of this node and how they stand; rooms may add theirs. */
  Usage usage();

  /** The live connections. */
  List<PeerLink> links();

  /**
   * Some of those that have such a path now. With ten thousand connections it is much cheaper than
   * to choose from {@link #links}, which asks each of them how it is.
   *
   * @param path such as {@link Link#RELAY}
   * @param most so many at most, any of them
   */
  default List<PeerLink> links(String path, int most) {
    return links().stream().filter(link -> link.path().equals(path)).limit(most).toList();
  }

  /** Those on which the peer proved the home realm. */
  List<PeerLink> members();

  /** The live connection to one peer. */
  Optional<PeerLink> link(NodeId node);

  /**
   * Opens a stream in the home realm, connecting first if necessary. The peer's refusal (no such
   * protocol, busy) arrives with the first read.
   *
   * @throws dev.cis.kernel.fault.Fault {@code transport.refused} if the peer is not in that realm
   */
  Stream open(NodeId node, ProtocolId protocol, Duration deadline);

  /** The same in another realm. */
  Stream open(NodeId node, String realm, ProtocolId protocol, Duration deadline);

  /** The same for a protocol of the system, which belongs to no realm. */
  Stream openSystem(NodeId node, ProtocolId protocol, Duration deadline);

  /**
   * Serves a protocol in the home realm; closing the answer stops serving it. Fails when it is
   * already served.
   */
  Registration handle(ProtocolId protocol, StreamHandler handler);

  /** The same in another realm. */
  Registration handle(String realm, ProtocolId protocol, StreamHandler handler);

  /** The same for every peer that proved some realm of ours. */
  Registration handleSystem(ProtocolId protocol, StreamHandler handler);

  /**
   * Compresses the streams of a protocol from now on, whatever its version: those opened here, once
   * the peer has answered that it does the same, and those accepted from such peers. Every message
   * still leaves at once. Worth it for text; costs time and no bytes worth mention for what is
   * compressed already. Never for a protocol that mixes secrets with what a stranger writes: the
   * length would tell (CRIME).
   */
  void compress(ProtocolId protocol);

  /**
   * Asks a peer one question, connecting first if necessary. Costs far less than a stream: small
   * calls share one. Completes with the answer or fails with a {@link dev.cis.kernel.fault.Fault}:
   *
   * <ul>
   *   <li>{@code transport.no-protocol}, {@code transport.busy}, naming the limit (the peer's, or
   *       our own {@code transport.max_calls}), or another refusal: the peer has done nothing;
   *   <li>{@code transport.stream-timeout} when the time is over; {@code transport.connection-lost}
   *       or {@code stream-reset}: the peer may or may not have done something, and the call is not
   *       repeated;
   *   <li>the handler's own code, with its kind.
   * </ul>
   *
   * Cancelling the future tells the peer. It is completed on the thread that serves the connection:
   * what depends on it must not block, or belongs to an executor ({@code thenApplyAsync}).
   *
   * @throws dev.cis.kernel.fault.Fault {@code transport.frame-too-large}
   */
  CompletableFuture<Answer> call(NodeId node, ProtocolId protocol, byte[] request, Duration within);

  /**
   * The same, waiting for the answer. Where {@code call} would fail because too many calls of ours
   * are under way, this waits for its place.
   */
  Answer ask(NodeId node, ProtocolId protocol, byte[] request, Duration within);

  /**
   * Answers the calls for a protocol, each on a virtual thread; closing the answer stops it. Fails
   * when they are answered already.
   */
  Registration serve(ProtocolId protocol, CallHandler handler);

  /**
   * The same with a handler that never waits: it is called on the thread that serves the
   * connection, which is the cheapest, and holds up every connection as long as it takes.
   */
  Registration serveInline(ProtocolId protocol, CallHandler handler);

  /**
   * Hears of members of the home realm coming and going; those connected now are told first. Peers
   * that proved only other realms are not told of.
   */
  Registration listen(PeerListener listener);

  /**
   * The same swarm as it looks from another realm, in the place of the home realm: streams and
   * calls are made and served in it, its members are the peers, and only what is meant for it is
   * said. For rooms that work in more than one realm. Closing it does nothing.
   */
  Swarm in(String realm);

  /** Sends a packet there and back on the connection. */
  Duration ping(NodeId node, Duration within);

  /**
   * Says that the network may have changed or that the machine has slept: every connection is
   * probed at once, a dead one is made anew, kept peers are dialled without delay, and our record
   * is sent with the addresses of now. Returns at once. The swarm notices most changes by itself.
   */
  void networkChanged();

  /** Closes every connection and the socket. */
  @Override
  void close();

  /**
   * A peer that is left alone.
   *
   * @param left for how much longer, unless a new address of it is found
   * @param dismissed whether a user, here or there, ended the connection; else it was not reached
   *     or there were too many connections
   * @param failures attempts in a row that failed; 0 if it is for another reason
   * @param why in words
   */
  record Resting(Duration left, boolean dismissed, int failures, String why) {}

  /** Something that can be taken back. */
  interface Registration extends AutoCloseable {
    @Override
    void close();
  }

  /** Called from one thread, in order; must not block. */
  interface PeerListener {
    /** A connection with the peer is there. */
    void up(PeerLink link);

    /** It is gone. */
    void down(NodeId node, String reason);

    /** The peer goes on from another address, by the same connection. */
    default void moved(PeerLink link) {}

    /** The address book has a newer record of the peer, connected or not. */
    default void described(Signed<PeerRecord> record) {}
  }
}
