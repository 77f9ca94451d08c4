package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.transport.Address;
import dev.cis.transport.PeerRecord;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What can happen to {@link DhtMachine}. */
public sealed interface DhtInput {
  /**
   * A node is connected, so it is who it says and can be reached.
   *
   * @param remote its address as our socket sees it, null when unknown
   */
  record PeerSeen(Signed<PeerRecord> record, @Nullable Address remote) implements DhtInput {}

  /** Others say that these nodes exist: the address book, or our own state of last time. */
  record PeersHeardOf(List<Signed<PeerRecord>> records) implements DhtInput {
    /** Copies the list. */
    public PeersHeardOf {
      records = List.copyOf(records);
    }
  }

  /** Somebody else than we found that a node cannot be reached. */
  record PeerFailed(NodeId node) implements DhtInput {}

  /** A peer asks; {@code correlation} is the caller's and comes back with the answer. */
  record Request(NodeId from, DhtMessage.Request message, long correlation) implements DhtInput {}

  /** A peer answers our request {@code id}. */
  record Response(NodeId from, DhtMessage.Response message, long id) implements DhtInput {}

  /** Our request {@code id} was not answered, and will not be. */
  record RequestFailed(NodeId to, long id) implements DhtInput {}

  /** Look something up; {@code lookup} is the caller's number for it. */
  record StartLookup(long lookup, NodeId target, Purpose purpose) implements DhtInput {}

  /** The caller of a lookup or bootstrap waits no longer. */
  record Cancel(long lookup) implements DhtInput {}

  /** Look up ourselves and refresh far buckets; waits for a first peer if there is none. */
  record Bootstrap(long lookup) implements DhtInput {}

  /** What a lookup is for. */
  enum Purpose {
    /** The record of the node at the target; ends as soon as anybody has it. */
    FIND_PEER,
    /** The k nodes closest to the target; ends when they all have answered. */
    FIND_CLOSEST
  }
}
