package dev.cis.discovery;

import dev.cis.discovery.Discovery.Event;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.transport.Swarm;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What happened last, and who wants to hear of it. Thread-safe. */
final class EventLog {
  private static final Logger LOG = LoggerFactory.getLogger(EventLog.class);
  private static final int MOST = 256;

  private final Supplier<Now> clock;
  private final Deque<Event> last = new ArrayDeque<>();
  private final List<Consumer<Event>> watchers = new CopyOnWriteArrayList<>();

  EventLog(Supplier<Now> clock) {
    this.clock = clock;
  }

  synchronized Event add(String what, @Nullable NodeId node, String reason) {
    var event = new Event(clock.get().wall(), what, node, reason);
    if (last.size() >= MOST) {
      last.removeFirst();
    }
    last.addLast(event);
    LOG.info(
        "event=discovery-{} {}reason=\"{}\"",
        what,
        node == null ? "" : "peer=" + node + " ",
        reason);
    for (var watcher : watchers) {
      try {
        watcher.accept(event);
      } catch (RuntimeException e) {
        LOG.error("event=watcher-defect", e);
      }
    }
    return event;
  }

  synchronized List<Event> all() {
    return List.copyOf(last);
  }

  synchronized Swarm.Registration watch(Consumer<Event> watcher, boolean follow) {
    last.forEach(watcher);
    if (follow) {
      watchers.add(watcher);
    }
    return () -> watchers.remove(watcher);
  }
}
