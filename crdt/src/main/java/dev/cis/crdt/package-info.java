/**
 * Values that merge: state-based and delta-state CRDTs (Shapiro et al. 2011, Almeida et al. 2018)
 * and the clocks they stand on. Every merge is commutative, associative and idempotent; property
 * tests hold each type to it.
 *
 * <p>A {@link dev.cis.crdt.Dot} names one write: its author and the author's own count. A {@link
 * dev.cis.crdt.VersionVector} is a set of dots, what a replica has seen. A {@link
 * dev.cis.crdt.VectorClock} says which writes one write knew of; comparing two tells causality from
 * concurrency. A {@link dev.cis.crdt.HybridTime} orders writes that causality does not.
 *
 * <p>All values are immutable; a change answers a new value. {@link dev.cis.crdt.OrSet} and the
 * counters answer deltas, which merge like full states but carry only the change.
 */
@NullMarked
package dev.cis.crdt;

import org.jspecify.annotations.NullMarked;
