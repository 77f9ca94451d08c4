package dev.cis.sync.proto;

import dev.cis.crdt.Dot;
import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the {@link SyncMachine} wants done. */
public sealed interface SyncOutput {
  /** Send a message: a request of an exchange that we lead, or an answer. */
  record Send(NodeId to, SyncMessage message) implements SyncOutput {}

  /** Tell everybody of new entries, as a {@link Push}. */
  record Broadcast(List<Entry> entries) implements SyncOutput {}

  /**
   * An exchange that we led is over.
   *
   * @param tickets of those who asked for it, none if it was periodic
   * @param peer with whom
   * @param exchange its number
   * @param full whether everything was compared
   * @param received entries that were news to us
   * @param sent entries sent
   * @param took how long
   * @param failure why it failed, null when it did not
   */
  record Finished(
      List<Long> tickets,
      NodeId peer,
      long exchange,
      boolean full,
      int received,
      int sent,
      Duration took,
      @Nullable String failure)
      implements SyncOutput {}

  /** An entry was refused. */
  record Declined(Dot dot, String key, String why) implements SyncOutput {}
}
