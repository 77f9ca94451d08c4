package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;

/**
 * The first message on every stream, from the opener. The opener's own first message follows
 * without waiting for an answer.
 *
 * @param protocol what it wants to speak
 * @param realm in which realm, empty for the open one; at most 64 bytes
 * @param flags {@link #BLOCKS} or none; a receiver refuses flags that it does not know
 * @param deadlineMillis for how long the acceptor may read and write on the stream at most, counted
 *     from its accepting, 0 for no limit; protocols with a time limit of their own replace it
 * @param trace 16 random bytes that tie the log lines of both sides together
 */
record StreamHeader(
    ProtocolId protocol, String realm, long flags, long deadlineMillis, Bytes trace) {
  /** What follows comes in {@link Blocks}; the acceptor may agree to deflated ones. */
  static final long BLOCKS = 1;

  static final int MAX_BYTES = 512;
  static final int TRACE_BYTES = 16;

  static final Codec<StreamHeader> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, StreamHeader header) {
          out.string(1, header.protocol.toString())
              .string(2, header.realm)
              .uint(3, header.flags)
              .uint(4, header.deadlineMillis)
              .bytes(5, header.trace.toByteArray());
        }

        @Override
        public StreamHeader read(WireReader in) {
          var protocol = "";
          var realm = "";
          long flags = 0;
          long deadline = 0;
          var trace = Bytes.EMPTY;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> protocol = in.string(ProtocolId.MAX_TEXT);
              case 2 -> realm = in.string(64);
              case 3 -> flags = in.uint();
              case 4 -> deadline = in.uint(Integer.MAX_VALUE);
              case 5 -> trace = Bytes.of(in.exactly(TRACE_BYTES));
              default -> in.skip();
            }
          }
          if ((flags & ~BLOCKS) != 0) {
            throw new Fault(
                KernelCode.MALFORMED, "unknown stream flags " + Long.toHexString(flags));
          }
          return new StreamHeader(ProtocolId.parse(protocol), realm, flags, deadline, trace);
        }
      };

  /** The same for a stream that asks for compression. */
  StreamHeader inBlocks() {
    return new StreamHeader(protocol, realm, flags | BLOCKS, deadlineMillis, trace);
  }

  boolean isInBlocks() {
    return (flags & BLOCKS) != 0;
  }
}
