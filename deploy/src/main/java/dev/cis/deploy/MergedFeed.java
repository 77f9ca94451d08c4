package dev.cis.deploy;

import dev.cis.deploy.proto.LogRecord;
import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Merges what several nodes send, by time. A record waits until every other node has something
 * later to show, or for a moment only: a quiet node must not hold up the others.
 */
final class MergedFeed implements LogFeed {
  private static final int MAX_WAITING = 1024;

  private final long holdNanos;
  private final List<Lane> lanes = new ArrayList<>();
  private final List<Thread> readers = new ArrayList<>();
  private boolean closed;

  MergedFeed(Duration hold) {
    this.holdNanos = hold.toNanos();
  }

  /** Reads one node's log into its lane; ends with an End. */
  interface Reader {
    void read(Lane lane) throws InterruptedException;
  }

  /** One node's records on their way. */
  final class Lane {
    private final NodeId node;
    private final String name;
    private final Deque<LogRecord> waiting = new ArrayDeque<>();
    private long headSince;
    private boolean ended;

    private Lane(NodeId node, String name) {
      this.node = node;
      this.name = name;
    }

    NodeId node() {
      return node;
    }

    void put(LogRecord record) throws InterruptedException {
      synchronized (MergedFeed.this) {
        while (waiting.size() >= MAX_WAITING && !closed) {
          MergedFeed.this.wait();
        }
        if (waiting.isEmpty()) {
          headSince = System.nanoTime();
        }
        waiting.add(record);
        ended |= record instanceof LogRecord.End;
        MergedFeed.this.notifyAll();
      }
    }

    /** Where the head belongs; an end comes after everything that is not later. */
    private Instant at() {
      return switch (waiting.getFirst()) {
        case LogRecord.Line(_, var at, _) -> at;
        case LogRecord.Gap(var at, _) -> at;
        case LogRecord.End _ -> Instant.MAX;
      };
    }
  }

  void add(NodeId node, String name, Reader reader) {
    var lane = new Lane(node, name);
    synchronized (this) {
      lanes.add(lane);
      readers.add(
          Thread.ofVirtual()
              .name("logs-" + name)
              .unstarted(() -> {
                try {
                  reader.read(lane);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              }));
    }
  }

  void begin() {
    readers.forEach(Thread::start);
  }

  @Override
  public @Nullable Entry next() throws InterruptedException {
    return take(Long.MAX_VALUE);
  }

  @Override
  public @Nullable Entry next(Duration within) throws InterruptedException {
    return take(within.toNanos());
  }

  @Override
  public synchronized boolean isOver() {
    return closed || lanes.stream().allMatch(lane -> lane.ended && lane.waiting.isEmpty());
  }

  private synchronized @Nullable Entry take(long within) throws InterruptedException {
    long start = System.nanoTime();
    while (!isOver()) {
      long wait = within - (System.nanoTime() - start);
      var first = first();
      if (first != null) {
        boolean complete = lanes.stream().allMatch(lane -> lane.ended || !lane.waiting.isEmpty());
        long held = System.nanoTime() - first.headSince;
        if (complete || held >= holdNanos) {
          return remove(first);
        }
        wait = Math.min(wait, holdNanos - held);
      }
      if (wait <= 0) {
        return null;
      }
      wait(wait / 1_000_000 + 1 > Integer.MAX_VALUE ? 0 : wait / 1_000_000 + 1);
    }
    return null;
  }

  private @Nullable Lane first() {
    Lane first = null;
    for (var lane : lanes) {
      if (!lane.waiting.isEmpty() && (first == null || lane.at().isBefore(first.at()))) {
        first = lane;
      }
    }
    return first;
  }

  private Entry remove(Lane lane) {
    var entry = new Entry(lane.node, lane.name, lane.waiting.removeFirst());
    lane.headSince = System.nanoTime();
    notifyAll();
    return entry;
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    readers.forEach(Thread::interrupt);
  }
}
