package dev.cis.node;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sync.Memory;
import dev.cis.transport.Address;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what this node says of itself in the memory current: at once when it changes, and every
 * minute so that others know how old it is.
 */
final class FactsWriter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FactsWriter.class);

  /** How often facts are written even if only measurements changed. */
  static final Duration EVERY = Duration.ofSeconds(60);

  private static final Duration LOOK = Duration.ofSeconds(5);

  private final Node node;
  private volatile @Nullable Thread thread;
  private @Nullable NodeFacts last;

  FactsWriter(Node node) {
    this.node = node;
  }

  void start() {
    writeNow();
    thread = Thread.ofVirtual().name("facts").start(this::run);
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(LOOK);
        writeIfNews();
      }
    } catch (InterruptedException e) {
      LOG.debug("event=facts-writer-ended");
    }
  }

  private synchronized void writeIfNews() {
    var facts = look();
    boolean old =
        last == null || Duration.between(last.at(), facts.at()).abs().compareTo(EVERY) >= 0;
    if (old || !facts.saysTheSameAs(last)) {
      write(facts);
    }
  }

  /** Writes without waiting for the minute to be over. */
  synchronized void writeNow() {
    write(look());
  }

  private void write(NodeFacts facts) {
    try {
      var _ =
          node.memory()
              .put(
                  Memory.Domain.PUBLIC,
                  "node",
                  NodeFacts.key(node.swarm().self()),
                  Bytes.utf8(facts.json()),
                  null);
      last = facts;
    } catch (Fault e) {
      LOG.warn("event=facts-not-written reason=\"{}\"", e.getMessage());
    }
  }

  private NodeFacts look() {
    var self = node.swarm().self();
    return NodeFacts.of(
        node.config().name(),
        node.labels(),
        node.home().directory(),
        node.deployments().apps().stream()
            .map(view -> view.state())
            .filter(state -> state.node().equals(self))
            .map(state -> (state.app() + " " + state.version()).strip())
            .toList(),
        node.swarm().record().value().addresses().stream().map(Address::toString).toList(),
        Instant.now());
  }

  @Override
  public void close() {
    var running = thread;
    if (running != null) {
      running.interrupt();
      try {
        running.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
