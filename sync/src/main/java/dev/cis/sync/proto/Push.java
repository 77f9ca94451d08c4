package dev.cis.sync.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * New entries, told to everybody by gossip.
 *
 * @param entries one or more
 */
public record Push(List<Entry> entries) {
  /** Most entries in one message. */
  public static final int MAX_ENTRIES = 256;

  /** The gossip payload. */
  public static final Codec<Push> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Push push) {
          out.messages(1, Entry.CODEC, push.entries);
        }

        @Override
        public Push read(WireReader in) {
          var entries = new ArrayList<Entry>();
          while (in.next()) {
            if (in.field() == 1) {
              if (entries.size() == MAX_ENTRIES) {
                throw new Fault(
                    KernelCode.TOO_LARGE, "more than " + MAX_ENTRIES + " entries in a push");
              }
              entries.add(in.message(Entry.CODEC, Entry.MAX_BYTES));
            } else {
              in.skip();
            }
          }
          return new Push(entries);
        }
      };

  /** Copies the list. */
  public Push {
    entries = List.copyOf(entries);
  }
}
