package dev.cis.transport.memory;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Admission;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.realm.RealmExchangeConformance;

class MemoryRealmExchangeTest extends RealmExchangeConformance {
  private final MemoryNetwork network = new MemoryNetwork();

  @Override
  protected Swarm join(
      KeyPair key,
      TransportConfig config,
      PeerBook book,
      PeerDescription description,
      Admission admission) {
    return network.join(key, config, book, description, admission);
  }
}
