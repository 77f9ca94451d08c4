package dev.cis.transport.memory;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.LimitsConformance;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;

class MemoryLimitsTest extends LimitsConformance {
  private final MemoryNetwork network = new MemoryNetwork();

  @Override
  protected Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description) {
    return network.join(key, config, book, description);
  }

  /** Its queues are bounded by the window alone. */
  @Override
  protected void waitUntilFull(Swarm swarm) {}
}
