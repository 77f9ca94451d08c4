package dev.cis.transport.memory;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.CallConformance;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;

class MemoryCallTest extends CallConformance {
  private final MemoryNetwork network = new MemoryNetwork();

  @Override
  protected Swarm join(KeyPair key, TransportConfig config, PeerDescription description) {
    return network.join(key, config, StoredPeerBook.inMemory(), description);
  }
}
