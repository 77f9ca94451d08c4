/**
 * As functions of bytes and time: STUN messages (RFC 8489), the messages of dial-back, how often
 * whom is answered; what routers are asked (PCP, RFC 6887; NAT-PMP, RFC 6886) and how a mapping
 * lives ({@link dev.cis.nat.proto.PortLease}).
 */
@NullMarked
package dev.cis.nat.proto;

import org.jspecify.annotations.NullMarked;
