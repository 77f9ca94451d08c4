/**
 * Authenticated QUIC streams to a NodeId, over one UDP port, and the swarm.
 *
 * <p>A {@link dev.cis.transport.Network} makes links: QUIC connections (RFC 9000) with TLS 1.3 in
 * which both sides have proved their NodeId ({@code transport.quic}), or their in-memory
 * counterpart for tests ({@code transport.memory}). The {@link dev.cis.transport.Swarm} stands on
 * one network and is what all higher rooms use: it keeps one link per peer, dials by NodeId through
 * the {@link dev.cis.transport.PeerBook} and every {@link dev.cis.transport.AddressSource}, opens
 * streams by {@link dev.cis.transport.ProtocolId} and hands accepted ones to their handlers.
 *
 * <p>Every bidirectional stream begins with a header (protocol id, realm, flags, deadline, trace
 * id); the opener sends its first message right behind it. Messages on a stream are
 * length-prefixed; bulk bytes go unframed. Blocking calls are made on virtual threads.
 *
 * <p>Nothing outside {@code transport.quic} knows Netty.
 */
@NullMarked
package dev.cis.transport;

import org.jspecify.annotations.NullMarked;
