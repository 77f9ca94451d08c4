package dev.cis.transport;

import java.time.Duration;

/** Keeps our own record good, and tells the linked peers when it says something else. */
final class Renewal implements AutoCloseable {
  // Rooms register their protocols one after another; peers hear of it once.
  private static final Duration SETTLE = Duration.ofMillis(200);

  private final OwnRecord own;
  private final Duration lifetime;
  private final Peers peers;
  private final Greeter greeter;
  private final Thread thread = Thread.ofVirtual().name("renew-record").unstarted(this::run);
  private boolean protocolsChanged;

  Renewal(OwnRecord own, Duration lifetime, Peers peers, Greeter greeter) {
    this.own = own;
    this.lifetime = lifetime;
    this.peers = peers;
    this.greeter = greeter;
  }

  void start() {
    thread.start();
  }

  /** What we speak is something else now. */
  void protocolsChanged() {
    own.outdated();
    synchronized (this) {
      protocolsChanged = true;
      notifyAll();
    }
  }

  /** Sends the record to every linked peer. */
  void push() {
    for (var live : peers.all()) {
      Thread.ofVirtual().name("update-" + live.peer().brief()).start(() -> greeter.update(live));
    }
  }

  private void run() {
    try {
      while (true) {
        long before = own.get().value().sequence();
        boolean changed;
        synchronized (this) {
          if (!protocolsChanged) {
            wait(
                Math.max(
                    1, lifetime.dividedBy(4).toMillis())); // then the record's age is looked at
          }
          changed = protocolsChanged;
          protocolsChanged = false;
        }
        if (changed) {
          Thread.sleep(SETTLE);
        }
        if (own.get().value().sequence() != before) {
          push();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
