/**
 * Values that merge: state-based and delta-state CRDTs (Shapiro et al. 2011, Almeida et al. 2018).
 * Every merge is commutative, associative and idempotent; property tests hold each type to it.
 */
@NullMarked
package dev.cis.crdt;

import org.jspecify.annotations.NullMarked;
