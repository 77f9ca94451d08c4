/**
 * Find anything: a Kademlia distributed hash table (Maymounkov and Mazieres, 2002) over the swarm.
 *
 * <p>Positions are NodeIds, distance is XOR. {@code dht.proto} holds the routing table and the
 * iterative lookup as machines; {@link dev.cis.dht.Routing} runs them over calls of the swarm,
 * {@code /cis/sys/dht/1.0}.
 */
@NullMarked
package dev.cis.dht;

import org.jspecify.annotations.NullMarked;
