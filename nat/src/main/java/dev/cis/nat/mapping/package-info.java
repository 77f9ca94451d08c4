/**
 * Asks the routers of this machine to let the node's UDP port through: PCP (RFC 6887), NAT-PMP (RFC
 * 6886) and UPnP IGD.
 *
 * <p>{@link dev.cis.nat.mapping.PortMapping} watches the routing table and keeps one {@code
 * PortLease} (the pure core in {@code dev.cis.nat.proto}) for each default router. Only answers
 * that come from the router's own address count, UPnP's descriptions included: who else is on the
 * network has no say in where we announce ourselves.
 */
@NullMarked
package dev.cis.nat.mapping;

import org.jspecify.annotations.NullMarked;
