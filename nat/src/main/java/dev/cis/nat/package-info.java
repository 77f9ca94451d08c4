/**
 * Be reachable: what a node on the public internet does for those behind address translators.
 *
 * <p>An anchor tells whoever asks under which address it is seen ({@code STUN}, RFC 8489, on the
 * port that carries QUIC) and whether a packet from elsewhere gets there ({@link
 * dev.cis.nat.DialBack}, {@code /cis/sys/dialback/1.0}). Messages and limits are in {@code
 * dev.cis.nat.proto}; the sockets are here and in transport.
 */
@NullMarked
package dev.cis.nat;

import org.jspecify.annotations.NullMarked;
