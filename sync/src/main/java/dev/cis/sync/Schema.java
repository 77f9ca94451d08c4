package dev.cis.sync;

import dev.cis.kernel.fault.Fault;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** The database file: its tables, its version, and what its errors mean. */
final class Schema {
  static final int VERSION = 1;

  private static final String[] TABLES = {
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE authors(id INTEGER PRIMARY KEY, node BLOB NOT NULL UNIQUE,"
        + " seen BLOB NOT NULL, withheld BLOB NOT NULL)",
    "CREATE TABLE items(idx INTEGER PRIMARY KEY, domain INTEGER NOT NULL, key TEXT NOT NULL,"
        + " author INTEGER NOT NULL, sequence INTEGER NOT NULL, deleted INTEGER NOT NULL,"
        + " position INTEGER NOT NULL, high INTEGER NOT NULL, low INTEGER NOT NULL,"
        + " context BLOB NOT NULL, payload BLOB NOT NULL, pubkey BLOB NOT NULL,"
        + " signature BLOB NOT NULL)",
    "CREATE UNIQUE INDEX items_key ON items(domain, key)",
    "CREATE INDEX items_author ON items(author, sequence) WHERE domain = 1",
    "CREATE INDEX items_position ON items(position, high, low) WHERE domain = 1",
    "CREATE TABLE conflicts(id INTEGER PRIMARY KEY AUTOINCREMENT, found INTEGER NOT NULL,"
        + " payload BLOB NOT NULL, winner BLOB NOT NULL, winner_sequence INTEGER NOT NULL)",
  };

  private Schema() {}

  /** Connects, without looking at the tables. */
  static Connection connect(Path file) throws SQLException {
    var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
    try (var statement = connection.createStatement()) {
      statement.execute("PRAGMA busy_timeout = 5000");
      statement.execute("PRAGMA journal_mode = WAL");
      // FULL makes each commit reach the disk before it is acknowledged (sqlite.org/pragma.html).
      statement.execute("PRAGMA synchronous = FULL");
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /** Makes the tables, or checks that they are of this version. */
  static void prepare(Path file, Connection connection) throws SQLException {
    try (var statement = connection.createStatement()) {
      int version;
      try (var rows = statement.executeQuery("PRAGMA user_version")) {
        version = rows.next() ? rows.getInt(1) : 0;
      }
      if (version > VERSION) {
        throw new Fault(
            SyncCode.NEWER_SCHEMA,
            "memory database "
                + file
                + " has version "
                + version
                + ", this cis knows up to "
                + VERSION
                + "; use the newer cis");
      }
      if (version == 0) {
        statement.execute("BEGIN IMMEDIATE");
        for (var table : TABLES) {
          statement.execute(table);
        }
        statement.execute("PRAGMA user_version = " + VERSION);
        statement.execute("COMMIT");
      }
    }
  }

  /** What a failure of the database means and what to do. */
  static Fault fault(Path file, SQLException e) {
    var code =
        e instanceof SQLiteException sqlite
            ? sqlite.getResultCode()
            : SQLiteErrorCode.UNKNOWN_ERROR;
    // The low byte is the primary result code (sqlite.org/rescode.html).
    return switch (code.code & 0xFF) {
      case 5, 6 ->
          new Fault(
              SyncCode.LOCKED,
              "memory database " + file + " is locked by another program; stop it and try again",
              e);
      case 11, 26 ->
          new Fault(
              SyncCode.CORRUPT,
              "memory database "
                  + file
                  + " is damaged ("
                  + e.getMessage()
                  + "); move the file away and start again: public memory returns from peers,"
                  + " private memory from your backup",
              e);
      default ->
          new Fault(
              SyncCode.STORE_FAILED, "memory database " + file + " failed: " + e.getMessage(), e);
    };
  }
}
