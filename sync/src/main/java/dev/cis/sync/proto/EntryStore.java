package dev.cis.sync.proto;

import dev.cis.crdt.Dot;
import dev.cis.crdt.VersionVector;
import dev.cis.kernel.identity.NodeId;
import java.time.Instant;
import java.util.List;

/**
 * Where the public entries are. Reads answer what is durable; the vectors never claim more than
 * reads made afterwards find.
 */
public interface EntryStore {
  /**
   * A stored entry and its place in the order of changes.
   *
   * @param index grows with every change of the store
   * @param entry the entry
   */
  record Stored(long index, Entry entry) {}

  /**
   * A stored entry in brief.
   *
   * @param position of its key
   * @param fingerprint of the entry alone
   */
  record Listed(long position, Fingerprint fingerprint) {}

  /**
   * What to write at once.
   *
   * @param entries verified and admitted entries
   * @param withheld dots of entries refused for good
   * @param coverage dots that a complete exchange has covered
   */
  record Changes(List<Entry> entries, List<Dot> withheld, VersionVector coverage) {
    /** Copies the lists. */
    public Changes {
      entries = List.copyOf(entries);
      withheld = List.copyOf(withheld);
    }
  }

  /** Every dot that was applied, replaced, covered or withheld. */
  VersionVector seen();

  /** Dots of entries refused for good; may name more, never fewer. */
  VersionVector withheld();

  /** The index of the latest change. */
  long newest();

  /** Stored entries of one author with sequences from first to last, ascending. */
  List<Entry> byAuthor(NodeId author, long first, long last, int limit);

  /** Stored entries that changed after an index, in order of change. */
  List<Stored> changedAfter(long index, int limit);

  /** What a span holds. */
  Fingerprint fingerprint(Span span);

  /** What a span holds, one by one, in order of position. */
  List<Listed> list(Span span, int limit);

  /** The entries at a position: one, but for collisions of hashes. */
  List<Entry> at(long position);

  /** Merges and makes durable, all or nothing; how many entries replaced what was there. */
  int commit(Changes changes, Instant wall);
}
