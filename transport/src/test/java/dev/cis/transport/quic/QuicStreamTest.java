package dev.cis.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StreamConformance;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class QuicStreamTest extends StreamConformance {
  @Override
  protected Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description) {
    return QuicSwarm.open(key, config.withListen(QuicSwarmTest.anyPort()), book, description);
  }

  @Test
  void streamsThatAreResetBeforeTheyAreReadPutNothingIntoTheLog() {
    var words = new ConcurrentLinkedQueue<String>();
    var log = Logger.getLogger("io.netty");
    var hearing = new Words(words);
    log.addHandler(hearing);
    try {
      serve(stream -> stream.send(new byte[1]));
      for (int i = 0; i < 300; i++) {
        a.open(b.self(), ECHO, LONG).reset(Kind.UNREACHABLE);
        var stream = a.open(b.self(), ECHO, LONG);
        stream.send(new byte[1]);
        stream.reset(Kind.UNREACHABLE);
      }
      a.ping(b.self(), LONG);
    } finally {
      log.removeHandler(hearing);
    }
    assertThat(words).isEmpty();
  }

  /** Keeps the warnings. */
  private static final class Words extends Handler {
    private final Queue<String> heard;

    private Words(Queue<String> heard) {
      this.heard = heard;
    }

    @Override
    public void publish(LogRecord line) {
      if (line.getLevel().intValue() >= Level.WARNING.intValue()) {
        heard.add(line.getMessage());
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
