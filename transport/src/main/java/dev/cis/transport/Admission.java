package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Who may do what with this node: the one port that the swarm, gossip and sync consult. What it
 * says may change while the node runs; every answer is meant for now. Thread-safe, does not block.
 *
 * <p>Membership of a realm is shown by a proof on each new link (see {@link RealmProof}). Peers
 * that are shut out by name never get so far.
 */
public interface Admission {
  /** Most secrets that are tried on one link; a peer's proofs are compared with all of them. */
  int MAX_SECRETS = 32;

  /** The id of the open realm, of which everybody is a member. */
  String OPEN_REALM = "";

  /**
   * The realm in which open anchors serve everybody. Its key is no secret; what keeps strangers out
   * elsewhere is that only anchors take part in it as acceptors, and that nothing of another realm
   * is served in it.
   */
  String ANCHOR_REALM = "anchor";

  /** Admits everybody to the open realm, and knows no other one. */
  Admission OPEN = new OpenAdmission();

  /** What becomes of a peer that proves none of our realms. */
  enum Strangers {
    /** It is told "refused" and nothing else. */
    REFUSED,
    /** It is served in {@link #ANCHOR_REALM}, and nowhere else: this node is an open anchor. */
    SERVED
  }

  /**
   * A realm and a key of it.
   *
   * @param realm id of the realm, at most 64 bytes; empty for the open one
   * @param key 32 random bytes that every member has
   */
  record Secret(String realm, Bytes key) {
    /** Names the realm, never the key. */
    @Override
    public String toString() {
      return "Secret[" + realm + "]";
    }
  }

  /** The realm in which streams are opened and served when nothing else is said. */
  String home();

  /** Whether to have anything to do with this node, by the lists of allowed and denied ones. */
  boolean admits(NodeId node);

  /**
   * Whether to take what this node wrote, in the home realm, whoever passes it on. Asked with the
   * author whose signature was verified.
   */
  boolean admitsAuthor(NodeId author);

  /** What becomes of peers that prove none of our realms. */
  Strangers strangers();

  /**
   * The secrets by which this peer may prove itself, and we ourselves to it: at most {@link
   * #MAX_SECRETS}, of one realm the newest key first. Nothing that the peer is shut out from.
   */
  List<Secret> secrets(NodeId peer);

  /** Whether to make use of open anchors, that is to tell one where this node is. */
  boolean usesAnchors();

  /**
   * The peer has proved realms by these secrets, and a link with it is about to be up. Said before
   * the peer hears that it is let in: what it does next, and what happens then, comes after.
   */
  void proved(NodeId peer, Collection<Secret> secrets);

  /** A link with the peer is up, on which both sides proved these realms. */
  void up(NodeId peer, Set<String> realms);

  /** Those of the realms, once proved by the peer, in which it is still welcome. */
  Set<String> still(NodeId peer, Set<String> realms);

  /** Calls back after each change that may shut somebody out. The callback does not block. */
  Swarm.Registration watch(Runnable watcher);
}
