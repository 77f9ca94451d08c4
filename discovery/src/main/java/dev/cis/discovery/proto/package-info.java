/**
 * Whom to dial next, as a function of (now, what happened): the scheduler that merges every source
 * of peers. It dials while there are fewer peers than wanted, lets a peer that failed rest for a
 * doubling time with jitter, and stops when it is satisfied.
 */
@NullMarked
package dev.cis.discovery.proto;

import org.jspecify.annotations.NullMarked;
