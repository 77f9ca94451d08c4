package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.transport.Address;
import dev.cis.transport.PeerRecord;
import java.util.List;
import java.util.OptionalLong;
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

  /** Our own record is this from now on. */
  record Own(Signed<PeerRecord> record) implements DhtInput {}

  /**
   * What was kept and published before a restart.
   *
   * @param kept for others
   * @param published by this node
   */
  record Restored(List<Kept> kept, List<Publication> published) implements DhtInput {
    /** Copies the lists. */
    public Restored {
      kept = List.copyOf(kept);
      published = List.copyOf(published);
    }
  }

  /**
   * A peer asks.
   *
   * @param remote its address as our socket sees it, null when unknown
   * @param correlation the caller's; comes back with the answer
   */
  record Request(
      NodeId from, @Nullable Address remote, DhtMessage.Request message, long correlation)
      implements DhtInput {}

  /**
   * A peer answers our request {@code id}.
   *
   * @param remote its address as our socket sees it, null when unknown; without one it gets no new
   *     place in the table, for its record may lie about where it is
   */
  record Response(NodeId from, @Nullable Address remote, DhtMessage.Response message, long id)
      implements DhtInput {}

  /** Our request {@code id} was not answered, and will not be. */
  record RequestFailed(NodeId to, long id) implements DhtInput {}

  /** Look something up; {@code lookup} is the caller's number for it. */
  record StartLookup(long lookup, NodeId target, Purpose purpose) implements DhtInput {}

  /**
   * Publish something from now on.
   *
   * @param task the caller's number for it
   * @param expected the sequence that a mutable value must have until now
   */
  record Publish(long task, Publication publication, OptionalLong expected) implements DhtInput {}

  /** The caller of a lookup or bootstrap waits no longer. */
  record Cancel(long lookup) implements DhtInput {}

  /** Look up ourselves and refresh far buckets; waits for a first peer if there is none. */
  record Bootstrap(long lookup) implements DhtInput {}

  /** What a lookup is for. */
  enum Purpose {
    /** The record of the node at the target; ends as soon as anybody has it. */
    FIND_PEER,
    /** The k nodes closest to the target; ends when they all have answered. */
    FIND_CLOSEST,
    /** The value at the target. */
    FIND_VALUE,
    /** Who provides what the target stands for. */
    FIND_PROVIDERS
  }
}
