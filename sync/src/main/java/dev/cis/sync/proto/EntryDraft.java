package dev.cis.sync.proto;

import dev.cis.crdt.Dot;
import dev.cis.crdt.HybridTime;
import dev.cis.crdt.VectorClock;
import dev.cis.kernel.wire.Bytes;

/**
 * A write that has no time and no number yet.
 *
 * @param realm which realm's memory
 * @param category the user's own ordering
 * @param key what it is about
 * @param value the bytes
 * @param vector an embedding as little-endian 32-bit floats; empty for none
 * @param deleted whether it deletes
 */
public record EntryDraft(
    String realm, String category, String key, Bytes value, Bytes vector, boolean deleted) {
  /** Makes the write, which knows of all writes of the key in {@code context}. */
  public EntryBody at(HybridTime time, Dot dot, VectorClock context) {
    return new EntryBody(
        realm,
        category,
        key,
        EntryBody.REGISTER,
        value,
        vector,
        dot.author(),
        time,
        dot.sequence(),
        Merge.bounded(context.with(dot), dot),
        deleted);
  }
}
