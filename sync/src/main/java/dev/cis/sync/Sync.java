package dev.cis.sync;

import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Replication of the memory with peers. Thread-safe. */
public interface Sync extends AutoCloseable {
  /**
   * What one exchange with a peer did.
   *
   * @param peer with whom
   * @param received entries that were news to us
   * @param sent entries that were sent to the peer
   * @param bytesReceived bytes of the exchange
   * @param bytesSent bytes of the exchange
   * @param took how long
   * @param full whether everything was compared, not only what the version vectors tell
   * @param failure why it failed, null when it did not
   */
  record Exchange(
      NodeId peer,
      int received,
      int sent,
      long bytesReceived,
      long bytesSent,
      Duration took,
      boolean full,
      @Nullable String failure) {}

  /**
   * How replication with a peer stands.
   *
   * @param peer who
   * @param lastExchange when the last complete exchange was, null if none
   * @param last the last exchange, complete or not
   * @param behind how many entries we know that the peer lacks, as of the last exchange or push
   */
  record PeerStatus(
      NodeId peer, @Nullable Instant lastExchange, @Nullable Exchange last, long behind) {}

  /**
   * How replication stands.
   *
   * @param live public items that are not deleted
   * @param tombstones public items that are
   * @param conflicts concurrent writes that lost and are kept in the conflict log
   * @param refused replicated entries that a guard or check refused since start
   * @param peers per peer
   */
  record Status(long live, long tombstones, long conflicts, long refused, List<PeerStatus> peers) {}

  /** Exchanges with one peer now. Failures are in the answer. */
  Exchange with(NodeId peer, boolean full, Duration within);

  /** Exchanges with every connected peer now. */
  List<Exchange> withAll(boolean full, Duration within);

  /** How it stands. */
  Status status();

  @Override
  void close();
}
