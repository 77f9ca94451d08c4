package dev.cis.transport.quic;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StreamConformance;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;

class QuicStreamTest extends StreamConformance {
  @Override
  protected Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description) {
    return QuicSwarm.open(key, config.withListen(QuicSwarmTest.anyPort()), book, description);
  }
}
