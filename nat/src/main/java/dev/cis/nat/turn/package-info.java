/**
 * A client for standard TURN servers (RFC 8656): an address on the server, by UDP or, where no UDP
 * gets out, by TCP. {@link dev.cis.nat.turn.TurnAllocation#open} asks for one; datagrams go to
 * peers and come from them through it. The protocol is in {@code dev.cis.nat.proto.TurnClient}.
 */
@NullMarked
package dev.cis.nat.turn;

import org.jspecify.annotations.NullMarked;
