package dev.cis.transport.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Await;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.Swarm;
import dev.cis.transport.SwarmConformance;
import dev.cis.transport.TransportCode;
import dev.cis.transport.TransportConfig;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MemorySwarmTest extends SwarmConformance {
  private final MemoryNetwork network = new MemoryNetwork();

  @Override
  protected Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description) {
    return network.join(key, config, book, description);
  }

  @Override
  protected int rounds() {
    return 1_000;
  }

  @Override
  protected int connections(Swarm swarm) {
    return network.connections(swarm.self());
  }

  @Test
  void aPartitionCutsLinksUntilItHeals() {
    var a = node("a");
    var b = node("b");
    introduce(a, b);
    a.keep(b.self());
    Await.until("connected", () -> a.link(b.self()).isPresent());
    network.partition(Set.of(b.self()));
    Await.until("cut off", () -> a.links().isEmpty() && b.links().isEmpty());
    assertFault(() -> a.connect(addressOf(b), LONG), TransportCode.DIAL_FAILED);
    network.heal();
    Await.until("connected again", () -> a.link(b.self()).isPresent());
    network.disconnect(a.self(), b.self());
    Await.until("connected again", () -> a.link(b.self()).isPresent());
    assertThat(b.links()).hasSizeLessThanOrEqualTo(1);
  }
}
