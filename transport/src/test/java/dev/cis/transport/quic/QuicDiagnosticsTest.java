package dev.cis.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Await;
import dev.cis.transport.Link;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node can tell of its QUIC connections. */
class QuicDiagnosticsTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path directory;

  private static Swarm node() {
    return QuicSwarm.open(
        KeyPair.generate(new SecureRandom()),
        TransportConfig.DEFAULT.withListen(QuicSwarmTest.anyPort()),
        StoredPeerBook.inMemory(),
        new PeerDescription("", new TreeMap<>(), List.of(), List.of()));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aConnectionIsRecordedOnDemandUntilItIsStopped() throws IOException {
    try (var a = node();
        var b = node()) {
      a.connect(b.localAddresses().getFirst(), LONG);
      var before = a.link(b.self()).orElseThrow().since();
      var file = a.qlog(b.self(), directory.resolve("qlog"), LONG);
      assertThat(a.link(b.self()).orElseThrow().since()).isAfter(before);
      a.ping(b.self(), LONG);
      assertThat(a.qlogStop(b.self())).isTrue();
      Await.until("it is written", () -> read(file).contains("quic:packet_sent"));
      assertThat(read(file)).contains("qlog:file:sequential", "quic:packet_received");
      a.connect(b.self(), LONG);
      assertThat(a.qlogStop(b.self())).isFalse();
      try (var files = Files.list(directory.resolve("qlog"))) {
        assertThat(files).containsExactly(file);
      }
    }
  }

  @Test
  void packetsOfLiveAndOfEndedConnectionsCount() {
    try (var a = node();
        var b = node()) {
      a.connect(b.localAddresses().getFirst(), LONG);
      a.ping(b.self(), LONG);
      var live = a.counters().packets();
      assertThat(live.sent()).isPositive();
      assertThat(live.received()).isPositive();
      assertThat(live.bytesSent()).isGreaterThan(1_200);
      boolean _ = a.hangUp(b.self(), "had enough");
      Await.until("ended", () -> !a.ends().isEmpty() && !b.ends().isEmpty());
      assertThat(a.ends().getFirst().how()).isEqualTo("here goodbye");
      assertThat(b.ends().getFirst().how()).isEqualTo("peer goodbye");
      assertThat(a.ends().getFirst().code()).isEqualTo(Link.GOODBYE);
      assertThat(b.ends().getFirst().code()).isEqualTo(Link.GOODBYE);
      Await.until("still counted", () -> a.counters().packets().sent() >= live.sent());
    }
  }
}
