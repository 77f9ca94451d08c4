/**
 * Relays: an anchor forwards sealed datagrams between two nodes that cannot reach each other.
 *
 * <p>A node behind a translator keeps a reservation at two anchors ({@link
 * dev.cis.nat.relay.RelayClient}); whoever looks for it has one of them join the two ({@link
 * dev.cis.nat.relay.RelayService}). What is forwarded are QUIC packets between the two, which the
 * relay can neither read nor change. Limits and bookkeeping are in {@code
 * dev.cis.nat.proto.RelayTable}.
 */
@NullMarked
package dev.cis.nat.relay;

import org.jspecify.annotations.NullMarked;
