package dev.cis.dht.proto;

import java.time.Instant;

/**
 * Something that a node keeps for another.
 *
 * @param source who stored it: a node, or the public subnet that it is in
 * @param until when it runs out
 */
public record Kept(Item item, String source, Instant until) {}
