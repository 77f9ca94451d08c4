package dev.cis.sync.proto;

import dev.cis.crdt.Ranges;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;

/** Ranges of sequences as bytes: pairs of varints, the gap before a range and its length less 1. */
public final class RangesCodec {
  private RangesCodec() {}

  /** The ranges as bytes. */
  public static byte[] encode(Ranges ranges) {
    var out = new WireWriter();
    long before = 0;
    for (int i = 0; i < ranges.count(); i++) {
      out.varint(ranges.first(i) - before).varint(ranges.last(i) - ranges.first(i));
      before = ranges.last(i);
    }
    return out.toByteArray();
  }

  /** The bytes as ranges; {@code kernel.malformed} when they are none. */
  public static Ranges decode(byte[] bytes) {
    var in = new WireReader(bytes);
    var ranges = Ranges.EMPTY;
    long before = 0;
    while (in.remaining() > 0) {
      long gap = in.varint();
      long length = in.varint();
      if (gap < 1
          || length < 0
          || gap > Long.MAX_VALUE - 1 - before
          || length > Long.MAX_VALUE - 1 - before - gap) {
        throw new Fault(KernelCode.MALFORMED, "malformed message: ranges of sequences");
      }
      long first = before + gap;
      before = first + length;
      ranges = ranges.union(Ranges.of(first, before));
    }
    return ranges;
  }
}
