package dev.cis.sync;

import dev.cis.crdt.Dot;
import dev.cis.crdt.HybridClock;
import dev.cis.crdt.HybridTime;
import dev.cis.crdt.Ranges;
import dev.cis.crdt.VectorClock;
import dev.cis.crdt.VersionVector;
import dev.cis.kernel.identity.NodeId;
import dev.cis.sync.proto.Entry;
import dev.cis.sync.proto.EntryBody;
import dev.cis.sync.proto.EntryDraft;
import dev.cis.sync.proto.EntryStore;
import dev.cis.sync.proto.Merge;
import dev.cis.sync.proto.RangesCodec;
import dev.cis.sync.proto.Signatures;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the writer knows and does inside its transaction. The clock, the sequences and the vectors
 * are kept in memory and written with each commit by {@link #flush}; after a failed one {@link
 * #load} reads them again.
 */
final class Tables {
  /** Ranges kept per author; more gaps than that are forgotten, and filled by sending again. */
  private static final int MAX_RANGES = 1024;

  private static final int MAX_WITHHELD = 64;

  /**
   * What a local write made.
   *
   * @param item what is stored
   * @param entry the signed entry; null for a private one
   */
  record Made(Memory.Item item, @Nullable Entry entry) {}

  private record Row(long index, @Nullable Entry entry, Slot slot) {}

  private final Connection connection;
  private final NodeId self;
  private final Signatures signatures;
  private final int maxConflicts;
  private final Map<NodeId, Ranges> seen = new HashMap<>();
  private final Map<NodeId, Ranges> withheld = new HashMap<>();
  private final Map<NodeId, Long> authors = new HashMap<>();
  private final Set<NodeId> dirty = new HashSet<>();
  private final List<Slot> changed = new ArrayList<>();
  private final PreparedStatement find;
  private final PreparedStatement insert;
  private final PreparedStatement context;
  private HybridClock clock = new HybridClock(HybridTime.ZERO);
  private long sequence;
  private long privateSequence;
  private long newest;

  Tables(Connection connection, NodeId self, Signatures signatures, int maxConflicts)
      throws SQLException {
    this.connection = connection;
    this.self = self;
    this.signatures = signatures;
    this.maxConflicts = maxConflicts;
    this.find =
        connection.prepareStatement(
            "SELECT " + Rows.COLUMNS + " FROM items WHERE domain = ? AND key = ?");
    this.insert =
        connection.prepareStatement(
            "INSERT OR REPLACE INTO items(idx, domain, key, author, sequence, deleted, position,"
                + " high, low, context, payload, pubkey, signature)"
                + " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.context = connection.prepareStatement("UPDATE items SET context = ? WHERE idx = ?");
  }

  void load() throws SQLException {
    seen.clear();
    withheld.clear();
    authors.clear();
    dirty.clear();
    changed.clear();
    try (var statement = connection.createStatement()) {
      try (var rows = statement.executeQuery("SELECT id, node, seen, withheld FROM authors")) {
        while (rows.next()) {
          var author = NodeId.of(rows.getBytes(2));
          authors.put(author, rows.getLong(1));
          seen.put(author, RangesCodec.decode(rows.getBytes(3)));
          withheld.put(author, RangesCodec.decode(rows.getBytes(4)));
        }
      }
      var meta = new HashMap<String, Long>();
      try (var rows = statement.executeQuery("SELECT name, value FROM meta")) {
        while (rows.next()) {
          meta.put(rows.getString(1), rows.getLong(2));
        }
      }
      clock = new HybridClock(new HybridTime(meta.getOrDefault("hlc", 0L)));
      sequence =
          Math.max(meta.getOrDefault("sequence", 0L), seen.getOrDefault(self, Ranges.EMPTY).max());
      privateSequence = meta.getOrDefault("private_sequence", 0L);
      try (var rows = statement.executeQuery("SELECT MAX(idx) FROM items")) {
        newest = Math.max(meta.getOrDefault("newest", 0L), rows.next() ? rows.getLong(1) : 0);
      }
    }
  }

  /** Writes what changed of the vectors, sequences and clock; part of every transaction. */
  void flush() throws SQLException {
    for (var author : dirty) {
      try (var statement =
          connection.prepareStatement("UPDATE authors SET seen = ?, withheld = ? WHERE id = ?")) {
        statement.setBytes(1, RangesCodec.encode(seen.getOrDefault(author, Ranges.EMPTY)));
        statement.setBytes(2, RangesCodec.encode(withheld.getOrDefault(author, Ranges.EMPTY)));
        statement.setLong(3, authorId(author));
        statement.executeUpdate();
      }
    }
    dirty.clear();
    try (var statement =
        connection.prepareStatement("INSERT OR REPLACE INTO meta(name, value) VALUES(?, ?)")) {
      save(statement, "hlc", clock.last().packed());
      save(statement, "sequence", sequence);
      save(statement, "private_sequence", privateSequence);
      save(statement, "newest", newest);
    }
  }

  private static void save(PreparedStatement statement, String name, long value)
      throws SQLException {
    statement.setString(1, name);
    statement.setLong(2, value);
    statement.executeUpdate();
  }

  GroupCommit.Published publish() {
    return new GroupCommit.Published(VersionVector.of(seen), VersionVector.of(withheld), newest);
  }

  List<Slot> drainChanged() {
    var drained = List.copyOf(changed);
    changed.clear();
    return drained;
  }

  Optional<Made> write(Memory.Domain domain, EntryDraft draft, Instant wall) throws SQLException {
    var row = find(domain, draft.key());
    if (draft.deleted() && (row == null || row.slot.body().deleted())) {
      return Optional.empty();
    }
    var known = row == null ? VectorClock.EMPTY : row.slot.context();
    boolean isPublic = domain == Memory.Domain.PUBLIC;
    // A store begins to count at the time of its first write, so that a node which lost its
    // database does not give its old dots to new writes.
    long before = isPublic ? sequence : privateSequence;
    long next = before == 0 ? Math.max(1, wall.toEpochMilli()) : before + 1;
    var body = draft.at(clock.next(wall), new Dot(self, next), known);
    if (!isPublic) {
      privateSequence = next;
      return Optional.of(new Made(store(domain, body, null, body.clock()).item(), null));
    }
    sequence = next;
    var entry = Entry.sign(body, signatures);
    merge(entry, wall);
    return Optional.of(new Made(changed.getLast().item(), entry));
  }

  int commit(EntryStore.Changes changes, Instant wall) throws SQLException {
    int news = 0;
    for (var entry : changes.entries()) {
      news += merge(entry, wall) ? 1 : 0;
    }
    for (var dot : changes.withheld()) {
      see(dot.author(), Ranges.of(dot.sequence(), dot.sequence()));
      withhold(dot);
    }
    for (var covered : changes.coverage().ranges().entrySet()) {
      see(covered.getKey(), covered.getValue());
    }
    return news;
  }

  int expel(String prefix, Predicate<Memory.Item> refused) throws SQLException {
    var bad = new ArrayList<Slot>();
    var sql =
        "SELECT " + Rows.COLUMNS + ", key FROM items WHERE domain = 1 AND key >= ? ORDER BY key";
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, prefix);
      try (var rows = statement.executeQuery()) {
        while (rows.next() && rows.getString(7).startsWith(prefix)) {
          var slot = Rows.slot(rows);
          if (refused.test(slot.item())) {
            bad.add(slot);
          }
        }
      }
    }
    var replaced = new HashMap<NodeId, Long>();
    for (var slot : bad) {
      try (var statement = connection.prepareStatement("DELETE FROM items WHERE idx = ?")) {
        statement.setLong(1, slot.index());
        statement.executeUpdate();
      }
      slot.context().counts().forEach((author, last) -> replaced.merge(author, last, Math::max));
    }
    for (var last : replaced.entrySet()) {
      forget(last.getKey(), last.getValue());
    }
    for (var slot : bad) {
      see(slot.body().author(), Ranges.of(slot.body().sequence(), slot.body().sequence()));
      withhold(slot.body().dot());
    }
    return bad.size();
  }

  /**
   * Claims no more of an author's writes up to a sequence than are held or were refused: which of
   * the others the removed write had replaced is not known, so all of them are asked for again.
   */
  private void forget(NodeId author, long last) throws SQLException {
    var before = seen.getOrDefault(author, Ranges.EMPTY);
    var refused = before.minus(before.minus(withheld.getOrDefault(author, Ranges.EMPTY)));
    var held = Ranges.EMPTY;
    var sql =
        "SELECT sequence FROM items WHERE domain = 1 AND author = ? AND sequence <= ?"
            + " ORDER BY sequence";
    try (var statement = connection.prepareStatement(sql)) {
      statement.setLong(1, authorId(author));
      statement.setLong(2, last);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          held = held.with(rows.getLong(1));
        }
      }
    }
    var kept = before.minus(Ranges.of(1, last)).union(refused).union(held);
    seen.put(author, author.equals(self) ? kept : kept.lowest(MAX_RANGES));
    dirty.add(author);
  }

  private void see(NodeId author, Ranges dots) throws SQLException {
    authorId(author);
    var before = seen.getOrDefault(author, Ranges.EMPTY);
    boolean one = dots.count() == 1 && dots.first(0) == dots.last(0);
    var after = one ? before.with(dots.first(0)) : before.union(dots);
    if (!author.equals(self)) {
      after = after.lowest(MAX_RANGES);
    } else {
      sequence = Math.max(sequence, after.max());
    }
    seen.put(author, after);
    dirty.add(author);
  }

  private void withhold(Dot dot) {
    var dots = Ranges.of(dot.sequence(), dot.sequence());
    withheld.merge(dot.author(), dots, (a, b) -> a.union(b).coarse(MAX_WITHHELD));
    dirty.add(dot.author());
  }

  private boolean merge(Entry entry, Instant wall) throws SQLException {
    see(entry.body().author(), Ranges.of(entry.body().sequence(), entry.body().sequence()));
    clock.follow(entry.body().time());
    var row = find(Memory.Domain.PUBLIC, entry.body().key());
    var stored = row == null ? null : row.entry;
    var known = row == null ? VectorClock.EMPTY : row.slot.context();
    var merge = Merge.of(stored, known, entry);
    var loser = merge.loser();
    if (loser != null) {
      logConflict(loser, merge.wins() || stored == null ? entry : stored, wall);
    }
    if (merge.wins()) {
      store(Memory.Domain.PUBLIC, entry.body(), entry, merge.context());
    } else if (row != null && !merge.context().equals(known)) {
      context.setBytes(1, Rows.bytes(merge.context()));
      context.setLong(2, row.index);
      context.executeUpdate();
    }
    return merge.wins();
  }

  private Slot store(Memory.Domain domain, EntryBody body, @Nullable Entry entry, VectorClock known)
      throws SQLException {
    var print = entry == null ? dev.cis.sync.proto.Fingerprint.EMPTY : entry.fingerprint();
    insert.setLong(1, ++newest);
    insert.setInt(2, Rows.domain(domain));
    insert.setString(3, body.key());
    insert.setLong(4, authorId(body.author()));
    insert.setLong(5, body.sequence());
    insert.setBoolean(6, body.deleted());
    insert.setLong(7, Rows.ordered(Entry.position(body.key())));
    insert.setLong(8, print.high());
    insert.setLong(9, print.low());
    insert.setBytes(10, Rows.bytes(known));
    insert.setBytes(
        11, entry == null ? EntryBody.CODEC.encode(body) : entry.payload().toByteArray());
    insert.setBytes(12, entry == null ? new byte[0] : entry.key().bytes());
    insert.setBytes(13, entry == null ? new byte[0] : entry.signature().toByteArray());
    insert.executeUpdate();
    var slot = new Slot(newest, domain, body, known);
    changed.add(slot);
    return slot;
  }

  private @Nullable Row find(Memory.Domain domain, String key) throws SQLException {
    find.setInt(1, Rows.domain(domain));
    find.setString(2, key);
    try (var rows = find.executeQuery()) {
      if (!rows.next()) {
        return null;
      }
      var entry = domain == Memory.Domain.PUBLIC ? Rows.entry(rows) : null;
      return new Row(rows.getLong(1), entry, Rows.slot(rows));
    }
  }

  private long authorId(NodeId author) throws SQLException {
    var known = authors.get(author);
    if (known != null) {
      return known;
    }
    long id = authors.size() + 1L;
    var sql = "INSERT INTO authors(id, node, seen, withheld) VALUES(?, ?, x'', x'')";
    try (var statement = connection.prepareStatement(sql)) {
      statement.setLong(1, id);
      statement.setBytes(2, author.bytes());
      statement.executeUpdate();
    }
    authors.put(author, id);
    return id;
  }

  private void logConflict(Entry loser, Entry winner, Instant wall) throws SQLException {
    var sql = "INSERT INTO conflicts(found, payload, winner, winner_sequence) VALUES(?, ?, ?, ?)";
    try (var statement = connection.prepareStatement(sql)) {
      statement.setLong(1, wall.toEpochMilli());
      statement.setBytes(2, loser.payload().toByteArray());
      statement.setBytes(3, winner.body().author().bytes());
      statement.setLong(4, winner.body().sequence());
      statement.executeUpdate();
    }
    var trim =
        "DELETE FROM conflicts WHERE id <= (SELECT MAX(id) FROM conflicts) - " + maxConflicts;
    try (var statement = connection.createStatement()) {
      statement.executeUpdate(trim);
    }
  }
}
