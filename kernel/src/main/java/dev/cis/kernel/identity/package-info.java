/**
 * Who is who. A node is one Ed25519 key pair (RFC 8032); its {@link dev.cis.kernel.identity.NodeId}
 * is the SHA-256 of the raw public key, which is also its position in the DHT. A {@link
 * dev.cis.kernel.identity.Did} names a node in the W3C syntax. {@link
 * dev.cis.kernel.identity.Signed} carries bytes together with who vouches for them.
 */
@NullMarked
package dev.cis.kernel.identity;

import org.jspecify.annotations.NullMarked;
