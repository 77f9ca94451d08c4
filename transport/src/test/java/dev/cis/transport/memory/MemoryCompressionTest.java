package dev.cis.transport.memory;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.CompressionConformance;
import dev.cis.transport.Network;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;

class MemoryCompressionTest extends CompressionConformance {
  private final MemoryNetwork network = new MemoryNetwork();

  @Override
  protected Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description) {
    return network.join(key, config, book, description);
  }

  @Override
  protected Network outsider(KeyPair key) {
    return network.attach(key.nodeId(), TransportConfig.DEFAULT);
  }
}
