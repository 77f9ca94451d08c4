/**
 * Kademlia (Maymounkov and Mazieres, 2002) as machines.
 *
 * <p>Positions are 256-bit NodeIds; the distance of two is their XOR read as a number. {@link
 * dev.cis.dht.proto.RoutingTable} keeps up to k = 20 nodes for every length of prefix shared with
 * our own id, so it knows the neighbourhood fully and the far side sparsely. A lookup asks the
 * closest nodes it knows for closer ones, a few at a time, until the k closest have answered: about
 * log2(N / k) rounds.
 *
 * <p>{@link dev.cis.dht.proto.DhtMachine} holds table and lookups, answers others, and keeps the
 * table true: nodes enter it only after they were heard themselves, never on hearsay; old ones are
 * asked before they make room; those that fall silent stay, unused, until somebody better comes or
 * they answer again, so that two halves of a network find together after a partition.
 *
 * <p>{@link dev.cis.dht.proto.DhtMessage} is the wire: one request and one response per call.
 * {@link dev.cis.dht.proto.Item} is what nodes keep for each other.
 */
@NullMarked
package dev.cis.dht.proto;

import org.jspecify.annotations.NullMarked;
