package dev.cis.transport.quic;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.DisconnectConformance;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;

class QuicDisconnectTest extends DisconnectConformance {
  @Override
  protected Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description) {
    return QuicSwarm.open(key, config.withListen(QuicSwarmTest.anyPort()), book, description);
  }
}
