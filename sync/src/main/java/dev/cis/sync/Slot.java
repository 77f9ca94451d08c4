package dev.cis.sync;

import dev.cis.crdt.VectorClock;
import dev.cis.sync.proto.EntryBody;

/**
 * What the store has under a key.
 *
 * @param index place in the order of changes
 * @param domain who sees it
 * @param body what the winning write says
 * @param context every write of the key known
 */
record Slot(long index, Memory.Domain domain, EntryBody body, VectorClock context) {
  Memory.Item item() {
    return new Memory.Item(
        domain,
        body.category(),
        body.key(),
        body.value(),
        Embedding.ofBytes(body.vector()),
        body.author(),
        body.sequence(),
        body.time().instant(),
        context.counts(),
        body.deleted());
  }
}
