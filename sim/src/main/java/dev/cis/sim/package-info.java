/**
 * Many machines, one thread, virtual time.
 *
 * <p>A {@link dev.cis.sim.Simulation} is an event queue with a virtual clock and one source of
 * randomness. A {@link dev.cis.sim.SimHost} runs one {@link dev.cis.kernel.time.Machine} in it,
 * crashes and restarts it. A {@link dev.cis.sim.SimNetwork} carries messages between nodes with
 * latency, loss, duplication, reordering and partitions. Everything that happens is a function of
 * the seed; {@link dev.cis.sim.Seeds} runs a scenario from many seeds, names the one that fails and
 * replays it with {@code -Dcis.seed=N}.
 */
@NullMarked
package dev.cis.sim;

import org.jspecify.annotations.NullMarked;
