package dev.cis.sync.proto;

import dev.cis.crdt.VersionVector;
import dev.cis.kernel.wire.Codec;
import java.util.List;

/** What is said in an exchange. Every request of its leader has one answer, with the same step. */
public sealed interface SyncMessage {
  /** Largest encoding in bytes. */
  int MAX_BYTES = 512 * 1024;

  /** Most spans in one {@link Compare}. */
  int MAX_SPANS = 64;

  /** A span with at most so many entries is listed rather than split. */
  int MAX_LISTED = 32;

  /** Most positions in one {@link Want}. */
  int MAX_WANTED = 512;

  /** The message as bytes and back. */
  Codec<SyncMessage> CODEC = new SyncCodec();

  /** Which exchange: a random number chosen by its leader. */
  long exchange();

  /** Which request of the exchange, from 0. */
  int step();

  /** What the leader asks. */
  sealed interface Request extends SyncMessage {}

  /** What the other answers. */
  sealed interface Answer extends SyncMessage {}

  /**
   * Begins an exchange.
   *
   * @param full whether everything will be compared
   * @param told the dots that need not be sent
   */
  record Hello(long exchange, int step, boolean full, VersionVector told) implements Request {}

  /**
   * Agrees to it.
   *
   * @param told the dots that need not be sent
   * @param coverage of a full exchange: what the leader will have seen at its end
   */
  record Welcome(long exchange, int step, VersionVector told, VersionVector coverage)
      implements Answer {}

  /** Asks for the next batch of what the leader lacks. */
  record Pull(long exchange, int step) implements Request {}

  /**
   * Entries for the leader.
   *
   * @param entries in any order
   * @param handled of a {@link Want}: how many of its positions are done
   * @param last whether nothing is left to send
   * @param coverage with the last batch: what the leader has seen now
   */
  record Batch(
      long exchange,
      int step,
      List<Entry> entries,
      int handled,
      boolean last,
      VersionVector coverage)
      implements Answer {}

  /**
   * Entries for the other side.
   *
   * @param entries in any order
   * @param last whether the exchange is over
   * @param coverage with the last: what the other side has seen now
   */
  record Give(long exchange, int step, List<Entry> entries, boolean last, VersionVector coverage)
      implements Request {}

  /**
   * They are durable.
   *
   * @param all whether none was found to be forged
   */
  record Took(long exchange, int step, boolean all) implements Answer {}

  /**
   * The leader's fingerprints of some spans.
   *
   * @param prints span by span
   */
  record Compare(long exchange, int step, List<Print> prints) implements Request {}

  /** A span and what it holds. */
  record Print(Span span, Fingerprint fingerprint) {}

  /**
   * Where the other side differs.
   *
   * @param differences of the spans that differ, in the order asked
   */
  record Compared(long exchange, int step, List<Difference> differences) implements Answer {}

  /** How a span differs. */
  sealed interface Difference {
    /** Which span. */
    Span span();
  }

  /**
   * The fingerprints of its sixteen parts at the other side.
   *
   * @param parts always sixteen
   */
  record Split(Span span, List<Fingerprint> parts) implements Difference {}

  /**
   * Every entry in it at the other side.
   *
   * @param listed in order of position
   */
  record Listing(Span span, List<EntryStore.Listed> listed) implements Difference {}

  /**
   * Asks for the entries at these positions.
   *
   * @param positions key positions
   */
  record Want(long exchange, int step, List<Long> positions) implements Request {}

  /**
   * Does not go on.
   *
   * @param reason why, for people
   */
  record Refused(long exchange, int step, String reason) implements Answer {}
}
