package dev.cis.nat.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;

/**
 * The answer of {@code /cis/sys/clock/1.0}: what an anchor's wall clock says.
 *
 * @param millis since 1970-01-01T00:00Z
 */
public record ClockMessage(long millis) {
  /** Most bytes of a message. */
  public static final int MAX_BYTES = 64;

  // The year 9999; what is beyond cannot be written as people write dates.
  private static final long LATEST = 253_402_300_799_999L;

  /** Checks the value. */
  public ClockMessage {
    if (millis < 0 || millis > LATEST) {
      throw new Fault(KernelCode.MALFORMED, "a clock that says " + millis);
    }
  }

  /** How it is written. */
  public static final Codec<ClockMessage> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, ClockMessage message) {
          out.uint(1, message.millis);
        }

        @Override
        public ClockMessage read(WireReader in) {
          long millis = -1;
          while (in.next()) {
            if (in.field() == 1) {
              millis = in.uint(LATEST);
            } else {
              in.skip();
            }
          }
          return new ClockMessage(millis);
        }
      };
}
