/**
 * The protocol of gossip, without threads, sockets or clocks.
 *
 * <p>{@link dev.cis.gossip.proto.GossipMachine} is one node. A new rumour is pushed at once over
 * eager links: all of them for small rumours, a random few otherwise; the other links are told its
 * id. A push crosses at most as many links as the author's time to live says.
 *
 * <p>Repair makes up for whatever gets lost. Each node keeps what it heard for two minutes and
 * announces the ids ({@code Have}) to every neighbour that is not known to have them, with growing
 * pauses, and all of them to a neighbour that has just come up. Who lacks one asks for it ({@code
 * Want}), and asks another announcer when no answer comes. Who has one says so ({@code Have} marked
 * as an answer), which ends the announcing. So on a quiet network nothing is sent at all, and a
 * peer that returns within the two minutes gets what it missed.
 *
 * <p>The names follow Plumtree (Leitao, Pereira, Rodrigues: "Epidemic Broadcast Trees", SRDS 2007),
 * whose eager push and lazy announcement these are; its tree is not built.
 *
 * <p>A rumour is named by its author and a sequence number that is also its time of publication in
 * microseconds. It is delivered once: ids are remembered for longer than a rumour is acceptable by
 * its time, and when they are forgotten, everything of that author up to the forgotten number stays
 * refused.
 */
@NullMarked
package dev.cis.gossip.proto;

import org.jspecify.annotations.NullMarked;
