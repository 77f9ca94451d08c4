package dev.cis.transport.quic;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.Swarm;
import dev.cis.transport.SwarmConformance;
import dev.cis.transport.TransportConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;

class QuicSwarmTest extends SwarmConformance {
  static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  @Override
  protected Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description) {
    return QuicSwarm.open(key, config.withListen(anyPort()), book, description);
  }

  @Override
  protected int rounds() {
    return 40;
  }
}
