package dev.cis.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Address;
import dev.cis.transport.Answer;
import dev.cis.transport.Call;
import dev.cis.transport.CallConformance;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class QuicCallTest extends CallConformance {
  @Override
  protected Swarm join(KeyPair key, TransportConfig config, PeerDescription description) {
    return QuicSwarm.open(
        key, config.withListen(QuicSwarmTest.anyPort()), StoredPeerBook.inMemory(), description);
  }

  @Test
  void everyCallIsAnsweredThoughPacketsAreLost() throws Exception {
    var a = node("a");
    var b = node("b");
    var _ = b.serve(ECHO, Call::request);
    try (var lossy = new LossyPath(b.localAddresses().getFirst().port(), 11)) {
      a.connect(new Address("127.0.0.1", lossy.port()), LONG);
      lossy.dropEvery(5);
      // The first half ends before the loss is noticed, perhaps; the second is spread on streams.
      for (int round = 0; round < 2; round++) {
        var calls = new ArrayList<CompletableFuture<Answer>>();
        for (int i = 0; i < 300; i++) {
          calls.add(a.call(b.self(), ECHO, new byte[i], LONG));
          a.ask(b.self(), ECHO, new byte[1], LONG);
        }
        for (int i = 0; i < calls.size(); i++) {
          assertThat(calls.get(i).get(30, TimeUnit.SECONDS).payload().size()).isEqualTo(i);
        }
      }
    }
  }
}
