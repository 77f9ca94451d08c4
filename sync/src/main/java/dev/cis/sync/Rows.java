package dev.cis.sync;

import dev.cis.crdt.VectorClock;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import dev.cis.sync.proto.Entry;
import dev.cis.sync.proto.EntryBody;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.TreeMap;

/** How rows become values. */
final class Rows {
  static final int PRIVATE = 0;
  static final int PUBLIC = 1;

  /** The columns that {@link #slot} and {@link #entry} read. */
  static final String COLUMNS = "idx, domain, context, payload, pubkey, signature";

  private Rows() {}

  static int domain(Memory.Domain domain) {
    return domain == Memory.Domain.PUBLIC ? PUBLIC : PRIVATE;
  }

  static Slot slot(ResultSet row) throws SQLException {
    return new Slot(
        row.getLong(1),
        row.getInt(2) == PUBLIC ? Memory.Domain.PUBLIC : Memory.Domain.PRIVATE,
        EntryBody.CODEC.decode(row.getBytes(4)),
        clock(row.getBytes(3)));
  }

  static Entry entry(ResultSet row) throws SQLException {
    return Entry.of(row.getBytes(4), row.getBytes(5), row.getBytes(6));
  }

  /** Positions are unsigned; SQLite's integers are not. */
  static long ordered(long position) {
    return position ^ Long.MIN_VALUE;
  }

  static byte[] bytes(VectorClock clock) {
    var out = new WireWriter();
    clock.counts().forEach((author, sequence) -> out.raw(author.bytes()).varint(sequence));
    return out.toByteArray();
  }

  static VectorClock clock(byte[] bytes) {
    var counts = new TreeMap<NodeId, Long>();
    int at = 0;
    while (at < bytes.length) {
      var author = NodeId.of(java.util.Arrays.copyOfRange(bytes, at, at + NodeId.BYTES));
      var rest = java.util.Arrays.copyOfRange(bytes, at + NodeId.BYTES, bytes.length);
      var in = new WireReader(rest);
      counts.put(author, in.varint());
      at = bytes.length - in.remaining();
    }
    return VectorClock.of(counts);
  }
}
