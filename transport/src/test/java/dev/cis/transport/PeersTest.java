package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import java.lang.reflect.Proxy;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PeersTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  private final NodeId peer = KeyPair.generate(new SecureRandom()).nodeId();
  private final Peers peers =
      new Peers(
          KeyPair.generate(new SecureRandom()).nodeId(),
          new Gauge("connections", "transport.max_peers", "connections", 8),
          new Peers.Precedence() {
            @Override
            public boolean isProtected(NodeId node) {
              return false;
            }

            @Override
            public @Nullable Live victim(List<Live> all) {
              return null;
            }

            @Override
            public void giveUp(Live victim) {}
          });

  /** A link that knows only whose it is. */
  private Live live() {
    return new Live(
        (Link)
            Proxy.newProxyInstance(
                Link.class.getClassLoader(),
                new Class<?>[] {Link.class},
                (_, method, _) -> {
                  assertThat(method.getName()).isEqualTo("peer");
                  return peer;
                }));
  }

  private Thread repeat(Live live, AtomicInteger done) {
    return Thread.ofPlatform()
        .start(() -> {
          try {
            peers.whileCurrent(live, Duration.ofMillis(1), done::incrementAndGet);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  @Test
  void whatIsRepeatedForALinkEndsWithTheLink() throws Exception {
    var live = live();
    peers.confirm(live, 0);
    var done = new AtomicInteger();
    var thread = repeat(live, done);
    Await.until("repeated", () -> done.get() > 2);
    peers.ended(live, "for the test");
    assertThat(thread.join(LONG)).isTrue();
  }

  @Test
  void andWithTheTableThoughTheLinkStillStands() throws Exception {
    var live = live();
    peers.confirm(live, 0);
    peers.close();
    assertThat(peers.live(peer)).isSameAs(live);
    var done = new AtomicInteger();
    assertThat(repeat(live, done).join(LONG)).isTrue();
    assertThat(done).hasValue(0);
  }
}
