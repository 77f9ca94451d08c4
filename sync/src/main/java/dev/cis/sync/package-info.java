/**
 * Makes peers hold the same memory.
 *
 * <p>Memory is a map of signed entries: last writer wins by hybrid logical clock, a vector clock
 * per key detects concurrent writes, deletions are tombstones. Changes are pushed by gossip as they
 * happen; what gossip missed is pulled by anti-entropy over version vectors ({@code
 * /cis/sys/sync/1.0}). The store is SQLite: what {@link dev.cis.sync.Memory#put} acknowledged
 * survives kill -9.
 */
@NullMarked
package dev.cis.sync;

import org.jspecify.annotations.NullMarked;
