package dev.cis.sync;

import dev.cis.crdt.VersionVector;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.sync.proto.Entry;
import dev.cis.sync.proto.EntryDraft;
import dev.cis.sync.proto.EntryStore;
import dev.cis.sync.proto.Fingerprint;
import dev.cis.sync.proto.Signatures;
import dev.cis.sync.proto.Span;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The store on disk: SQLite with a write-ahead log. One thread writes (see {@link GroupCommit}),
 * readers have connections of their own. Thread-safe.
 */
final class SqliteStore implements EntryStore, AutoCloseable {
  private static final int READERS = 3;

  private interface Query<T> {
    T run(Connection connection) throws SQLException;
  }

  private interface Bind {
    void to(PreparedStatement statement) throws SQLException;
  }

  private interface Read<T> {
    T from(ResultSet row) throws SQLException;
  }

  private final Path file;
  private final FileChannel lock;
  private final GroupCommit writer;
  private final BlockingQueue<Connection> readers = new ArrayBlockingQueue<>(READERS);

  private SqliteStore(Path file, FileChannel lock, GroupCommit writer) {
    this.file = file;
    this.lock = lock;
    this.writer = writer;
  }

  /** Opens or makes the database; {@code changed} hears of commits, in order, on the writer. */
  static SqliteStore open(
      Path file, NodeId self, Signatures signatures, int conflicts, Consumer<List<Slot>> changed) {
    var lock = lock(file);
    SqliteStore store = null;
    try {
      var connection = Schema.connect(file);
      Schema.prepare(file, connection);
      var tables = new Tables(connection, self, signatures, conflicts);
      tables.load();
      store = new SqliteStore(file, lock, new GroupCommit(file, connection, tables, changed));
      for (int i = 0; i < READERS; i++) {
        store.readers.add(Schema.connect(file));
      }
      return store;
    } catch (SQLException e) {
      if (store != null) {
        store.close();
      } else {
        closeQuietly(lock);
      }
      throw Schema.fault(file, e);
    } catch (Fault e) {
      closeQuietly(lock);
      throw e;
    }
  }

  private static FileChannel lock(Path file) {
    var beside = file.resolveSibling(file.getFileName() + ".lock");
    FileChannel channel;
    try {
      channel = FileChannel.open(beside, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new Fault(SyncCode.STORE_FAILED, "cannot write " + beside + ": " + e.getMessage(), e);
    }
    try {
      if (channel.tryLock() != null) {
        return channel;
      }
    } catch (OverlappingFileLockException | IOException e) {
      closeQuietly(channel);
      throw locked(file, e);
    }
    closeQuietly(channel);
    throw locked(file, null);
  }

  private static Fault locked(Path file, @org.jspecify.annotations.Nullable Throwable cause) {
    return new Fault(
        SyncCode.LOCKED,
        "memory database " + file + " is in use by another cis; stop that one first",
        cause);
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // It is given up either way; the process's end frees the lock at the latest.
    }
  }

  /** Writes as the node itself; empty for the deletion of what is not there. */
  Optional<Tables.Made> write(Memory.Domain domain, EntryDraft draft, Instant wall) {
    return writer.run(tables -> tables.write(domain, draft, wall));
  }

  /** Removes public entries that a new guard refuses; how many. */
  int expel(String prefix, Predicate<Memory.Item> refused) {
    return writer.run(tables -> tables.expel(prefix, refused));
  }

  Optional<Slot> get(Memory.Domain domain, String key) {
    return select(
            "SELECT " + Rows.COLUMNS + " FROM items WHERE domain = ? AND key = ? AND deleted = 0",
            s -> {
              s.setInt(1, Rows.domain(domain));
              s.setString(2, key);
            },
            Rows::slot,
            1)
        .stream()
        .findFirst();
  }

  List<Slot> list(Memory.Domain domain, String prefix, String after, int limit) {
    return query(connection -> {
      var sql =
          "SELECT "
              + Rows.COLUMNS
              + ", key FROM items WHERE domain = ? AND key >= ? AND key > ? AND deleted = 0"
              + " ORDER BY key";
      try (var statement = connection.prepareStatement(sql)) {
        statement.setInt(1, Rows.domain(domain));
        statement.setString(2, prefix);
        statement.setString(3, after);
        var slots = new ArrayList<Slot>();
        try (var rows = statement.executeQuery()) {
          while (slots.size() < limit && rows.next() && rows.getString(7).startsWith(prefix)) {
            slots.add(Rows.slot(rows));
          }
        }
        return slots;
      }
    });
  }

  /** Everything that changed after an index, private too, in order. */
  List<Slot> slotsAfter(long index, int limit) {
    return select(
        "SELECT " + Rows.COLUMNS + " FROM items WHERE idx > ? ORDER BY idx LIMIT " + limit,
        s -> s.setLong(1, index),
        Rows::slot,
        limit);
  }

  /** Counts of public items: live, tombstones, and of conflicts. */
  long[] counts() {
    return query(connection -> {
      var counts = new long[3];
      var sql =
          "SELECT (SELECT COUNT(*) FROM items WHERE domain = 1 AND deleted = 0),"
              + " (SELECT COUNT(*) FROM items WHERE domain = 1 AND deleted = 1),"
              + " (SELECT COUNT(*) FROM conflicts)";
      try (var statement = connection.createStatement();
          var rows = statement.executeQuery(sql)) {
        if (rows.next()) {
          for (int i = 0; i < counts.length; i++) {
            counts[i] = rows.getLong(i + 1);
          }
        }
      }
      return counts;
    });
  }

  List<Memory.Conflict> conflicts(int limit) {
    return select(
        "SELECT payload, winner, winner_sequence, found FROM conflicts ORDER BY id DESC LIMIT ?",
        s -> s.setInt(1, limit),
        row -> {
          var body = dev.cis.sync.proto.EntryBody.CODEC.decode(row.getBytes(1));
          return new Memory.Conflict(
              new Slot(0, Memory.Domain.PUBLIC, body, body.clock()).item(),
              NodeId.of(row.getBytes(2)),
              row.getLong(3),
              Instant.ofEpochMilli(row.getLong(4)));
        },
        limit);
  }

  @Override
  public VersionVector seen() {
    return writer.published().seen();
  }

  @Override
  public VersionVector withheld() {
    return writer.published().withheld();
  }

  @Override
  public long newest() {
    return writer.published().newest();
  }

  @Override
  public List<Entry> byAuthor(NodeId author, long first, long last, int limit) {
    return select(
        "SELECT "
            + Rows.COLUMNS
            + " FROM items WHERE domain = 1 AND author = (SELECT id FROM authors WHERE node = ?)"
            + " AND sequence BETWEEN ? AND ? ORDER BY sequence LIMIT ?",
        s -> {
          s.setBytes(1, author.bytes());
          s.setLong(2, first);
          s.setLong(3, last);
          s.setInt(4, limit);
        },
        Rows::entry,
        limit);
  }

  @Override
  public List<Stored> changedAfter(long index, int limit) {
    return select(
        "SELECT " + Rows.COLUMNS + " FROM items WHERE idx > ? AND domain = 1 ORDER BY idx LIMIT ?",
        s -> {
          s.setLong(1, index);
          s.setInt(2, limit);
        },
        row -> new Stored(row.getLong(1), Rows.entry(row)),
        limit);
  }

  @Override
  public Fingerprint fingerprint(Span span) {
    return list(span, Integer.MAX_VALUE).stream()
        .map(Listed::fingerprint)
        .reduce(Fingerprint.EMPTY, Fingerprint::plus);
  }

  @Override
  public List<Listed> list(Span span, int limit) {
    return select(
        "SELECT position, high, low FROM items WHERE domain = 1 AND position BETWEEN ? AND ?"
            + " ORDER BY position LIMIT ?",
        s -> {
          s.setLong(1, Rows.ordered(span.first()));
          s.setLong(2, Rows.ordered(span.last()));
          s.setInt(3, limit);
        },
        row ->
            new Listed(
                Rows.ordered(row.getLong(1)), new Fingerprint(1, row.getLong(2), row.getLong(3))),
        limit);
  }

  @Override
  public List<Entry> at(long position) {
    return select(
        "SELECT " + Rows.COLUMNS + " FROM items WHERE domain = 1 AND position = ?",
        s -> s.setLong(1, Rows.ordered(position)),
        Rows::entry,
        Integer.MAX_VALUE);
  }

  @Override
  public int commit(Changes changes, Instant wall) {
    return writer.run(tables -> tables.commit(changes, wall));
  }

  private <T> List<T> select(String sql, Bind bind, Read<T> read, int limit) {
    return query(connection -> {
      try (var statement = connection.prepareStatement(sql)) {
        bind.to(statement);
        var values = new ArrayList<T>();
        try (var rows = statement.executeQuery()) {
          while (values.size() < limit && rows.next()) {
            values.add(read.from(rows));
          }
        }
        return values;
      }
    });
  }

  private <T> T query(Query<T> query) {
    Connection connection;
    try {
      connection = readers.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Fault(SyncCode.CLOSED, "interrupted while reading the memory", e);
    }
    try {
      if (connection.isClosed()) {
        throw new Fault(SyncCode.CLOSED, "the memory of this node is closed");
      }
      return query.run(connection);
    } catch (SQLException e) {
      throw Schema.fault(file, e);
    } finally {
      readers.add(connection);
    }
  }

  @Override
  public void close() {
    writer.close();
    for (var connection : readers) {
      try {
        connection.close();
      } catch (SQLException e) {
        // Readers change nothing; what is acknowledged is on disk.
      }
    }
    closeQuietly(lock);
  }
}
