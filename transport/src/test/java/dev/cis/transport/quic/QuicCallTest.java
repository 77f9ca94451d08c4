package dev.cis.transport.quic;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.CallConformance;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;

class QuicCallTest extends CallConformance {
  @Override
  protected Swarm join(KeyPair key, TransportConfig config, PeerDescription description) {
    return QuicSwarm.open(
        key, config.withListen(QuicSwarmTest.anyPort()), StoredPeerBook.inMemory(), description);
  }
}
