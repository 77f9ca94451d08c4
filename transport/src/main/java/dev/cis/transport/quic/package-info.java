/**
 * Links over QUIC (RFC 9000) with TLS 1.3, on Netty's codec.
 *
 * <p>One UDP socket per listen address carries everything: connections that we accept, connections
 * that we dial, and datagrams that are not QUIC (STUN, probes). A demultiplexer stands before the
 * codec's server and client halves. Both sides present a self-signed certificate of their Ed25519
 * node key, so the NodeId is a function of the certificate.
 *
 * <p>Netty's event loop never blocks and stays inside this package: pipes turn its events into
 * blocking calls, with a bounded number of bytes between the loop and the caller in each direction.
 */
@NullMarked
package dev.cis.transport.quic;

import org.jspecify.annotations.NullMarked;
