package dev.cis.sync;

import dev.cis.crdt.VersionVector;
import dev.cis.kernel.fault.Fault;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes. It takes everything that waits, up to a limit, into one transaction:
 * the cost of reaching the disk is shared by all writers that came in the meantime. Nobody is
 * answered before the commit is on disk. A platform thread, because SQLite blocks in native code.
 */
final class GroupCommit implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GroupCommit.class);
  private static final int QUEUE = 4096;
  private static final int GROUP = 512;

  interface Work<T> {
    T on(Tables tables) throws SQLException;
  }

  /** What is durable, for readers. */
  record Published(VersionVector seen, VersionVector withheld, long newest) {}

  private static final class Job<T> {
    private final Work<T> work;
    private final CompletableFuture<T> done = new CompletableFuture<>();
    private Runnable outcome = () -> {};

    Job(Work<T> work) {
      this.work = work;
    }

    void run(Tables tables) throws SQLException {
      T value = work.on(tables);
      outcome = () -> done.complete(value);
    }
  }

  private final Path file;
  private final Connection connection;
  private final Tables tables;
  private final Consumer<List<Slot>> changed;
  private final BlockingQueue<Job<?>> queue = new LinkedBlockingQueue<>(QUEUE);
  private final Thread thread;
  private volatile Published published;
  private volatile boolean closed;

  GroupCommit(Path file, Connection connection, Tables tables, Consumer<List<Slot>> changed) {
    this.file = file;
    this.connection = connection;
    this.tables = tables;
    this.changed = changed;
    this.published = tables.publish();
    this.thread = Thread.ofPlatform().daemon().name("memory-writer").start(this::loop);
  }

  Published published() {
    return published;
  }

  /** Runs the work in a transaction and returns when it is on disk. */
  <T> T run(Work<T> work) {
    var job = new Job<>(work);
    try {
      if (closed) {
        throw closedFault();
      }
      queue.put(job);
      if (closed) {
        failWaiting();
      }
      return job.done.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Fault(SyncCode.CLOSED, "interrupted while writing the memory", e);
    } catch (CompletionException e) {
      if (e.getCause() instanceof Fault fault) {
        throw new Fault(fault.code(), String.valueOf(fault.getMessage()), fault);
      }
      throw e;
    }
  }

  private static Fault closedFault() {
    return new Fault(SyncCode.CLOSED, "the memory of this node is closed");
  }

  private void loop() {
    var group = new ArrayList<Job<?>>();
    while (!closed || !queue.isEmpty()) {
      try {
        group.add(queue.take());
        queue.drainTo(group, GROUP - 1);
        transact(group);
      } catch (InterruptedException e) {
        // Closing: what waits is still written.
      } finally {
        group.clear();
      }
    }
    failWaiting();
  }

  /**
   * Commits a group. When that fails, each of its jobs gets a transaction of its own, so that only
   * the bad one fails and not those that happened to wait beside it.
   */
  private void transact(List<Job<?>> group) {
    try {
      execute("BEGIN IMMEDIATE");
      for (var job : group) {
        job.run(tables);
      }
      tables.flush();
      execute("COMMIT");
    } catch (SQLException | RuntimeException e) {
      boolean usable = recover();
      if (usable && group.size() > 1) {
        LOG.warn("event=memory-group-retried file={} jobs={}", file, group.size(), e);
        group.forEach(job -> transact(List.of(job)));
      } else {
        LOG.error("event=memory-commit-failed file={}", file, e);
        var fault = fault(e);
        group.forEach(job -> job.done.completeExceptionally(fault));
      }
      return;
    }
    published = tables.publish();
    var slots = tables.drainChanged();
    if (!slots.isEmpty()) {
      changed.accept(slots);
    }
    group.forEach(job -> job.outcome.run());
  }

  private Fault fault(Exception e) {
    return switch (e) {
      case SQLException sql -> Schema.fault(file, sql);
      case Fault fault -> fault;
      default -> new Fault(SyncCode.STORE_FAILED, "memory database " + file + ": " + e, e);
    };
  }

  /** Forgets what the failed transaction changed in memory; false if writing must end. */
  private boolean recover() {
    try {
      execute("ROLLBACK");
    } catch (SQLException e) {
      LOG.debug("event=memory-rollback-failed file={}", file, e);
    }
    try {
      tables.load();
      return true;
    } catch (SQLException e) {
      LOG.error("event=memory-reload-failed file={}", file, e);
      closed = true;
      return false;
    }
  }

  private void execute(String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private void failWaiting() {
    var waiting = new ArrayList<Job<?>>();
    if (!thread.isAlive() || Thread.currentThread().equals(thread)) {
      queue.drainTo(waiting);
    }
    waiting.forEach(job -> job.done.completeExceptionally(closedFault()));
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    failWaiting();
    try {
      connection.close();
    } catch (SQLException e) {
      LOG.warn("event=memory-close-failed file={}", file, e);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
