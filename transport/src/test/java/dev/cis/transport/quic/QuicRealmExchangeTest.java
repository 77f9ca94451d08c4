package dev.cis.transport.quic;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Admission;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.realm.RealmExchangeConformance;

class QuicRealmExchangeTest extends RealmExchangeConformance {
  @Override
  protected Swarm join(
      KeyPair key,
      TransportConfig config,
      PeerBook book,
      PeerDescription description,
      Admission admission) {
    return QuicSwarm.open(
        key, config.withListen(QuicSwarmTest.anyPort()), book, description, admission);
  }
}
