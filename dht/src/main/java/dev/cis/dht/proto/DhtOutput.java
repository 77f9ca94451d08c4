package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.transport.PeerRecord;
import java.util.List;
import java.util.Optional;

/** What {@link DhtMachine} wants done. */
public sealed interface DhtOutput {
  /** Ask a node, dialling it by its record if need be; report the answer or the failure. */
  record SendRequest(Signed<PeerRecord> to, DhtMessage.Request message, long id)
      implements DhtOutput {}

  /** Answer the request with this correlation. */
  record SendResponse(NodeId to, DhtMessage.Response message, long correlation)
      implements DhtOutput {}

  /** A node is new in the table. */
  record Discovered(Signed<PeerRecord> record) implements DhtOutput {}

  /**
   * A lookup is over.
   *
   * @param found the record of the node at the target, for {@code FIND_PEER}
   * @param items the value at the target, or its providers, latest first
   * @param closest the closest nodes that answered, closest first, at most k
   * @param requests how many requests it took
   * @param hops how many of them, one after the other, led to what was found
   */
  record LookupDone(
      long lookup,
      NodeId target,
      Optional<Signed<PeerRecord>> found,
      List<Item> items,
      List<Signed<PeerRecord>> closest,
      int requests,
      int hops)
      implements DhtOutput {
    /** Copies the lists. */
    public LookupDone {
      items = List.copyOf(items);
      closest = List.copyOf(closest);
    }
  }

  /**
   * Something was published for the first time, or again for who asked.
   *
   * @param kept how many nodes keep it
   * @param newer how many have something newer, or other than expected
   */
  record Published(long task, NodeId key, int kept, int newer) implements DhtOutput {}

  /** As many lookups as are allowed run already; this one was not started. */
  record LookupRefused(long lookup) implements DhtOutput {}

  /** A bootstrap is over, and the table has so many live nodes. */
  record Bootstrapped(long lookup, int tableSize) implements DhtOutput {}
}
