package dev.cis.sync;

import dev.cis.gossip.Gossip;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sync.proto.Entry;
import dev.cis.sync.proto.Push;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Publishes new entries, many in one message when many wait. What does not fit is left to pull. */
final class Pushes implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Pushes.class);
  private static final int QUEUE = 2048;
  private static final int MESSAGE_BYTES = 64 * 1024;

  private final Gossip gossip;
  private final String topic;
  private final BlockingQueue<Entry> queue = new ArrayBlockingQueue<>(QUEUE);
  private final Thread thread;
  private volatile boolean closed;

  Pushes(Gossip gossip, String topic) {
    this.gossip = gossip;
    this.topic = topic;
    this.thread = Thread.ofVirtual().name("memory-push").start(this::run);
  }

  void offer(List<Entry> entries) {
    for (var entry : entries) {
      if (!queue.offer(entry)) {
        LOG.debug("event=memory-push-dropped key={}", entry.body().key());
      }
    }
  }

  private void run() {
    @Nullable Entry first = null;
    while (!closed) {
      try {
        var batch = new ArrayList<Entry>();
        batch.add(first == null ? queue.take() : first);
        first = fill(batch);
        gossip.publish(topic, Bytes.of(Push.CODEC.encode(new Push(batch))), Gossip.Options.DEFAULT);
      } catch (InterruptedException e) {
        // Closing; the loop looks.
      } catch (RuntimeException e) {
        first = null;
        if (!closed) {
          LOG.warn("event=memory-push-failed", e);
        }
      }
    }
  }

  /** Adds what waits and fits; answers the entry that did not fit any more. */
  private @Nullable Entry fill(List<Entry> batch) {
    int bytes = batch.getFirst().size();
    while (batch.size() < Push.MAX_ENTRIES) {
      var next = queue.poll();
      if (next == null) {
        return null;
      }
      bytes += next.size();
      if (bytes > MESSAGE_BYTES) {
        return next;
      }
      batch.add(next);
    }
    return null;
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
