package dev.cis.transport.memory;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.DisconnectConformance;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;

class MemoryDisconnectTest extends DisconnectConformance {
  private final MemoryNetwork network = new MemoryNetwork();

  @Override
  protected Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description) {
    return network.join(key, config, book, description);
  }
}
