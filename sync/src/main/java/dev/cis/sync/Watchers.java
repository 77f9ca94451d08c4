package dev.cis.sync;

import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who wants to hear of changes. Each watcher has a bounded queue and a virtual thread. */
final class Watchers {
  private static final Logger LOG = LoggerFactory.getLogger(Watchers.class);
  private static final int QUEUE = 1024;
  private static final int PAGE = 256;

  private final List<Watcher> watchers = new CopyOnWriteArrayList<>();

  /** Called with every commit, in order, on the writer's thread. */
  void changed(List<Slot> slots) {
    for (var watcher : watchers) {
      slots.forEach(watcher::changed);
    }
  }

  Memory.Watch watch(
      SqliteStore store, Memory.Domain domain, String prefix, Consumer<Memory.Item> consumer) {
    var watcher = new Watcher(store, domain, prefix, consumer);
    watchers.add(watcher);
    watcher.thread.start();
    return watcher;
  }

  void close() {
    watchers.forEach(Watcher::close);
  }

  private final class Watcher implements Memory.Watch {
    private final SqliteStore store;
    private final Memory.Domain domain;
    private final String prefix;
    private final Consumer<Memory.Item> consumer;
    private final BlockingQueue<Slot> queue = new ArrayBlockingQueue<>(QUEUE);
    private final Thread thread;
    private volatile boolean overflowed;
    private volatile boolean closed;
    private boolean idle; // guarded by this
    private long heard;

    Watcher(
        SqliteStore store, Memory.Domain domain, String prefix, Consumer<Memory.Item> consumer) {
      this.store = store;
      this.domain = domain;
      this.prefix = prefix;
      this.consumer = consumer;
      this.thread = Thread.ofVirtual().name("memory-watch-" + prefix).unstarted(this::run);
    }

    private boolean concerns(Slot slot) {
      return slot.domain() == domain && slot.body().key().startsWith(prefix);
    }

    void changed(Slot slot) {
      if (concerns(slot) && !queue.offer(slot)) {
        overflowed = true;
      }
    }

    private void run() {
      while (!closed) {
        try {
          tell(next());
          if (queue.isEmpty() && overflowed) {
            overflowed = false;
            catchUp();
          }
        } catch (InterruptedException e) {
          // Closing; the loop looks.
        } catch (RuntimeException e) {
          if (!closed) {
            LOG.error("event=memory-watcher-failed prefix={}", prefix, e);
          }
        }
      }
    }

    private Slot next() throws InterruptedException {
      synchronized (this) {
        if (closed) {
          throw new InterruptedException();
        }
        idle = true;
      }
      try {
        return queue.take();
      } finally {
        synchronized (this) {
          idle = false;
          var _ = Thread.interrupted();
        }
      }
    }

    /** Reads from the store what did not fit into the queue. */
    private void catchUp() {
      while (!closed) {
        var page = store.slotsAfter(heard, PAGE);
        for (var slot : page) {
          if (concerns(slot)) {
            tell(slot);
          }
          heard = Math.max(heard, slot.index());
        }
        if (page.size() < PAGE) {
          return;
        }
      }
    }

    private void tell(Slot slot) {
      if (slot.index() > heard && !closed) {
        heard = slot.index();
        consumer.accept(slot.item());
      }
    }

    @Override
    public void close() {
      watchers.remove(this);
      synchronized (this) {
        closed = true;
        // Never in the middle of a callback: an interrupt would close the channel it writes to.
        if (idle) {
          thread.interrupt();
        }
      }
    }
  }
}
