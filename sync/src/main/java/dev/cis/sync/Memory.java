package dev.cis.sync;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The replicated memory of this node. Thread-safe. */
public interface Memory {
  /** Longest key in bytes. */
  int MAX_KEY = 512;

  /** Largest value in bytes. */
  int MAX_VALUE = 192 * 1024;

  /** Most components of an embedding vector. */
  int MAX_VECTOR = 4096;

  /** Longest category in bytes. */
  int MAX_CATEGORY = 64;

  /** Who gets to see an entry. */
  enum Domain {
    /** Never leaves the node. */
    PRIVATE,
    /** Shared with all peers. */
    PUBLIC
  }

  /**
   * What is remembered under a key.
   *
   * @param domain who sees it
   * @param category the user's own ordering, {@code general} by default
   * @param key the name, unique within the domain
   * @param value the bytes; empty for a tombstone
   * @param vector an optional embedding
   * @param author who wrote it
   * @param sequence the author's own count of writes in the domain, which begins at the time of the
   *     store's first write in milliseconds: with the author, the entry's dot
   * @param written when, by the author's hybrid logical clock
   * @param clock the vector clock of the key: the latest write known of each author, by its
   *     sequence
   * @param deleted whether it is a tombstone
   */
  record Item(
      Domain domain,
      String category,
      String key,
      Bytes value,
      @Nullable Embedding vector,
      NodeId author,
      long sequence,
      Instant written,
      SortedMap<NodeId, Long> clock,
      boolean deleted) {}

  /**
   * A write that lost against another one although neither author knew of the other's.
   *
   * @param loser what lost
   * @param winner who wrote what won
   * @param winnerSequence the winner's sequence
   * @param found when this node noticed
   */
  record Conflict(Item loser, NodeId winner, long winnerSequence, Instant found) {}

  /** Writes a value; when this returns it is durable. */
  Item put(Domain domain, String category, String key, Bytes value, @Nullable Embedding vector);

  /** Deletes a key, durably; empty when there was nothing. */
  Optional<Item> delete(Domain domain, String key);

  /** The live item under a key. */
  Optional<Item> get(Domain domain, String key);

  /**
   * Live items whose keys begin with the prefix, in key order.
   *
   * @param after only keys greater than this, for paging; empty for the first page
   * @param limit at most so many
   */
  List<Item> list(Domain domain, String prefix, String after, int limit);

  /** The conflict log, newest first: losers of concurrent writes that this node has seen both. */
  List<Conflict> conflicts(int limit);

  /**
   * Calls back after each change (local or replicated, tombstones too) under the prefix, in order,
   * from one virtual thread of its own. A watcher that falls more than 1,024 changes behind hears
   * only of the latest change of each key.
   */
  Watch watch(Domain domain, String prefix, Consumer<Item> watcher);

  /** A watch that can be ended. */
  interface Watch extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Decides whether a replicated or local write is admitted, by key and author; asked before
   * anything is stored. Several guards must all agree.
   */
  interface Guard {
    /** Null to admit, else why not. */
    @Nullable String refuse(String key, Bytes value, NodeId author, boolean deleted);
  }

  /**
   * Adds a guard for all public keys under a prefix, such as {@code deploy/}. Entries that are
   * there already and that it refuses are removed from this node, and what they may have replaced
   * is asked for again in the next exchange. A peer that still has the refused entry no longer has
   * what it replaced, and its exchange settles the question: then only a full exchange with a peer
   * that kept the old entry brings it back. So guards belong on every node, before it connects.
   */
  void guard(String prefix, Guard guard);
}
