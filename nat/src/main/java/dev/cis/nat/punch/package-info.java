/**
 * Direct paths for relayed connections: both sides tell each other where they may be reached, probe
 * all of it at once, and move the connection to the quickest path that answers ({@link
 * dev.cis.nat.punch.HolePunching}). When that path dies they go back to the relay and look again.
 * The search itself is {@code dev.cis.nat.proto.PunchMachine}.
 */
@NullMarked
package dev.cis.nat.punch;

import org.jspecify.annotations.NullMarked;
