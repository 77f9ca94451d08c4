package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;

/**
 * The first message on every stream, from the acceptor: what it speaks, or why it refuses. It comes
 * together with the acceptor's first bytes; a refusal comes at once.
 *
 * @param minor the minor version that the acceptor chose
 * @param refusal the text of a transport code, empty if accepted
 * @param reason words for a refusal
 * @param deflate whether the acceptor's bytes come in {@link Blocks} and both sides may deflate
 *     theirs from now on; only where the header asked for it
 */
record StreamAnswer(int minor, String refusal, String reason, boolean deflate) {
  static final int MAX_BYTES = 512;
  private static final int MAX_REASON = 256;
  private static final long DEFLATE = 1;

  static final Codec<StreamAnswer> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, StreamAnswer answer) {
          out.uint(1, answer.minor).string(2, answer.refusal).string(3, answer.reason);
          out.uint(4, answer.deflate ? DEFLATE : 0);
        }

        @Override
        public StreamAnswer read(WireReader in) {
          int minor = 0;
          var refusal = "";
          var reason = "";
          long flags = 0;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> minor = in.uint(9999);
              case 2 -> refusal = in.string(64);
              case 3 -> reason = in.string(MAX_REASON);
              case 4 -> flags = in.uint(DEFLATE);
              default -> in.skip();
            }
          }
          return new StreamAnswer(minor, refusal, reason, flags == DEFLATE);
        }
      };

  static StreamAnswer accepted(ProtocolId chosen) {
    return accepted(chosen, false);
  }

  static StreamAnswer accepted(ProtocolId chosen, boolean deflate) {
    return new StreamAnswer(chosen.minor(), "", "", deflate);
  }

  static StreamAnswer refused(TransportCode code, String reason) {
    return new StreamAnswer(0, code.text(), Wording.cut(reason, MAX_REASON), false);
  }

  boolean isRefusal() {
    return !refusal.isEmpty();
  }

  Fault fault(String peer) {
    return new Fault(
        TransportCode.ofText(refusal, TransportCode.REFUSED),
        peer + " refused the stream: " + Wording.printable(reason));
  }
}
