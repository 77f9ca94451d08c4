/**
 * The memory protocol, free of threads, clocks and files.
 *
 * <p>An {@link dev.cis.sync.proto.Entry} is one signed public write. Of the writes of a key the
 * store keeps the latest by hybrid time ({@link dev.cis.sync.proto.Merge}); a write that replaces
 * another leaves a gap in its author's stored sequence. So a store keeps beside the entries the set
 * of dots it has <em>seen</em>, with this invariant: for every dot seen and not withheld, the store
 * holds that write or one of the same key that beats it. Each applied entry adds its own dot and
 * nothing else. What gaps hide is learned only at the end of a complete exchange: the sender has
 * sent every stored entry that the receiver did not claim, and then states its <em>coverage</em>
 * (seen without withheld), read before the last look for changes. A broken-off exchange therefore
 * never makes anybody believe to have what is lacking.
 *
 * <p>A refused entry:
 *
 * <ul>
 *   <li>by a guard, for another realm or of an unknown type: its dot is seen, so that nobody sends
 *       it again, and <em>withheld</em>, so that we do not claim to others that we could give it;
 *   <li>for a time more than 60 s ahead: postponed. Peers are told that it is seen until its time
 *       has come; then it is asked for again;
 *   <li>for a wrong signature: nothing it says is believed. The other entries are taken, the
 *       exchange ends as failed and states no coverage, so the true entry is asked for again.
 * </ul>
 *
 * <p>An exchange is a series of requests and answers led by one side, which repeats a request that
 * was not answered; the other side repeats its last answer. Hello and Welcome compare what both
 * have seen; equal vectors end it there. Pull and Batch bring what the leader lacks, Give and Took
 * what the other lacks. A full exchange believes no vector: it compares fingerprints of ranges of
 * hashed keys, sixteen ways at a time, down to short lists, then wants and gives what differs.
 *
 * <p>A peer that states false coverage can hide others' entries from us until the next full
 * exchange or push; it can neither forge nor change them.
 */
@NullMarked
package dev.cis.sync.proto;

import org.jspecify.annotations.NullMarked;
