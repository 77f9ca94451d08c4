/**
 * Tell a topic: messages reach every node of the network over several hops.
 *
 * <p>The core, {@code gossip.proto}, is a machine: flooding over the active links with a time to
 * live and exact deduplication, and repair by announcing recent message ids (IHAVE) to neighbours,
 * who ask for what they miss (IWANT). Messages are signed by their author. The face, {@link
 * dev.cis.gossip.Gossip}, runs it over one long-lived stream per peer ({@code
 * /cis/sys/gossip/1.0}).
 */
@NullMarked
package dev.cis.gossip;

import org.jspecify.annotations.NullMarked;
