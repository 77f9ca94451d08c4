package dev.cis.deploy.proto;

import dev.cis.deploy.proto.AppRecord.Goal;
import dev.cis.deploy.proto.DeployOrder.Strategy;
import dev.cis.kernel.identity.PublicKey;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/** The file of a node about one application; fields in the order of {@link AppRecord}. */
final class AppRecordCodec implements Codec<AppRecord> {
  private static final int RELEASE = ReleaseCodec.MAX_BYTES;

  @Override
  public void write(WireWriter out, AppRecord record) {
    out.string(1, record.app())
        .bytes(2, record.publisher().bytes())
        .uint(3, record.sequence())
        .uint(4, record.goal().number);
    release(out, 5, record.target());
    out.message(6, OrderCodec.STRATEGY, record.strategy());
    release(out, 7, record.current());
    release(out, 8, record.good());
    out.string(9, record.rejected())
        .bool(10, record.refused())
        .string(11, record.note())
        .messages(12, ReleaseCodec.CODEC, record.unpacked());
  }

  private static void release(WireWriter out, int field, @Nullable Release release) {
    if (release != null) {
      out.message(field, ReleaseCodec.CODEC, release);
    }
  }

  @Override
  public AppRecord read(WireReader in) {
    var app = "";
    byte[] publisher = {};
    long sequence = 0;
    int goal = 0;
    @Nullable Release target = null;
    @Nullable Strategy strategy = null;
    @Nullable Release current = null;
    @Nullable Release good = null;
    var rejected = "";
    boolean refused = false;
    var note = "";
    var unpacked = new ArrayList<Release>();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> app = in.string(63);
        case 2 -> publisher = in.exactly(PublicKey.BYTES);
        case 3 -> sequence = in.uint(Long.MAX_VALUE);
        case 4 -> goal = in.uint(255);
        case 5 -> target = in.message(ReleaseCodec.CODEC, RELEASE);
        case 6 -> strategy = in.message(OrderCodec.STRATEGY, 256);
        case 7 -> current = in.message(ReleaseCodec.CODEC, RELEASE);
        case 8 -> good = in.message(ReleaseCodec.CODEC, RELEASE);
        case 9 -> rejected = in.string(AppRecord.MAX_TEXT);
        case 10 -> refused = in.bool();
        case 11 -> note = in.string(AppRecord.MAX_TEXT);
        case 12 -> unpacked.add(in.message(ReleaseCodec.CODEC, RELEASE));
        default -> in.skip();
      }
    }
    if (strategy == null || goal == 0 || unpacked.size() > AppRecord.MAX_UNPACKED) {
      throw new IllegalArgumentException("the record of an application is incomplete");
    }
    return new AppRecord(
        app,
        PublicKey.of(publisher),
        sequence,
        Goal.of(goal),
        target,
        strategy,
        current,
        good,
        rejected,
        refused,
        note,
        unpacked);
  }
}
