package dev.cis.sync.proto;

import dev.cis.crdt.Ranges;
import dev.cis.crdt.VersionVector;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.util.HashMap;
import java.util.Map;

/**
 * Version vectors as bytes. A vector too large for a message is cut to fewer dots, which costs
 * repeated sending but never loses an entry: every vector on the wire is a set of dots of which
 * claiming fewer is safe.
 */
final class VersionCodec implements Codec<VersionVector> {
  static final VersionCodec CODEC = new VersionCodec();

  /** Largest encoding in bytes: about 2,500 authors. */
  static final int MAX_BYTES = 120 * 1024;

  private static final int MAX_RANGES = 64;
  private static final int MAX_RANGES_BYTES = MAX_RANGES * 2 * 10;

  private VersionCodec() {}

  @Override
  public void write(WireWriter out, VersionVector vector) {
    vector.ranges().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(e -> {
          byte[] ranges = RangesCodec.encode(e.getValue().lowest(MAX_RANGES));
          if (out.size() + ranges.length + NodeId.BYTES + 16 <= MAX_BYTES) {
            var author = new WireWriter().bytes(1, e.getKey().bytes()).bytes(2, ranges);
            out.element(1, author.toByteArray());
          }
        });
  }

  @Override
  public VersionVector read(WireReader in) {
    var vector = new HashMap<NodeId, Ranges>();
    while (in.next()) {
      if (in.field() == 1) {
        readAuthor(new WireReader(in.bytes(MAX_RANGES_BYTES + 64)), vector);
      } else {
        in.skip();
      }
    }
    return VersionVector.of(vector);
  }

  private static void readAuthor(WireReader in, Map<NodeId, Ranges> into) {
    byte[] author = {};
    byte[] ranges = {};
    while (in.next()) {
      switch (in.field()) {
        case 1 -> author = in.exactly(NodeId.BYTES);
        case 2 -> ranges = in.bytes(MAX_RANGES_BYTES);
        default -> in.skip();
      }
    }
    into.put(NodeId.of(author), RangesCodec.decode(ranges));
  }
}
