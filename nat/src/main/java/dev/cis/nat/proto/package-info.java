/**
 * STUN messages (RFC 8489), the messages of dial-back, and how often whom is answered, as functions
 * of bytes and time.
 */
@NullMarked
package dev.cis.nat.proto;

import org.jspecify.annotations.NullMarked;
