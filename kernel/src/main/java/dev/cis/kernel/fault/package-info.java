/**
 * Faults: what went wrong, in words for a person and a stable code for a program.
 *
 * <p>Expected outcomes are return values. Everything else is one unchecked {@link
 * dev.cis.kernel.fault.Fault} with a {@link dev.cis.kernel.fault.Code}. Every room declares its
 * codes as one enum that implements {@code Code}; codes are append-only and listed in {@code
 * docs/reference/errors.md}. A code has a {@link dev.cis.kernel.fault.Kind}, from which CLI exit
 * codes and QUIC close codes are derived in one place.
 */
@NullMarked
package dev.cis.kernel.fault;

import org.jspecify.annotations.NullMarked;
