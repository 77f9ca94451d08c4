package dev.cis.transport.quic;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.CompressionConformance;
import dev.cis.transport.Network;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;

class QuicCompressionTest extends CompressionConformance {
  @Override
  protected Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description) {
    return QuicSwarm.open(key, config.withListen(QuicSwarmTest.anyPort()), book, description);
  }

  @Override
  protected Network outsider(KeyPair key) {
    return QuicNetwork.bind(
        key, TransportConfig.DEFAULT.withListen(QuicSwarmTest.anyPort()), RawDatagrams.NONE);
  }
}
