package dev.cis.deploy;

import dev.cis.deploy.proto.AppState;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes this node's states into the memory on a thread of its own, since a durable write takes a
 * while. Only the newest state of each application waits.
 */
final class StateWriter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StateWriter.class);

  private final AppStates states;
  private final Map<String, AppState> waiting = new LinkedHashMap<>();
  private final Thread thread;
  private boolean closed;

  StateWriter(AppStates states) {
    this.states = states;
    this.thread = Thread.ofVirtual().name("deploy-states").start(this::run);
  }

  synchronized void write(AppState state) {
    waiting.put(state.app(), state);
    notifyAll();
  }

  private void run() {
    while (true) {
      try {
        states.put(take());
      } catch (InterruptedException e) {
        return;
      } catch (IOException | RuntimeException e) {
        LOG.warn("event=state-not-written reason=\"{}\"", e.getMessage());
      }
    }
  }

  private synchronized AppState take() throws InterruptedException {
    while (waiting.isEmpty()) {
      if (closed) {
        throw new InterruptedException("closed");
      }
      wait();
    }
    var first = waiting.entrySet().iterator().next();
    waiting.remove(first.getKey());
    return first.getValue();
  }

  /** Ends after what waits has been written. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
