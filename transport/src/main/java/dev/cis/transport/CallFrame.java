package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;

/** What is said on a stream of {@code /cis/sys/call/1.0}. */
sealed interface CallFrame {
  ProtocolId PROTOCOL = ProtocolId.parse("/cis/sys/call/1.0");

  /** Room for everything in a frame but its payload. */
  int HEAD_BYTES = 1024;

  int MAX_REALM = 64;
  int MAX_CODE = 64;
  int MAX_REASON = 256;

  /** Which call; chosen by the caller, no other one of its calls on the link has it meanwhile. */
  long id();

  /**
   * Asks.
   *
   * @param id which call
   * @param protocol text of the protocol id
   * @param realm in which realm, empty for the open one
   * @param deadlineMillis after which the caller does not wait any more, 0 for never
   * @param alone whether the stream is for this call only, and is to end with its answer
   * @param payload the question
   */
  record Request(
      long id, String protocol, String realm, long deadlineMillis, boolean alone, Bytes payload)
      implements CallFrame {}

  /**
   * The answer.
   *
   * @param id which call
   * @param minor the minor version that answers
   * @param payload the answer
   */
  record Reply(long id, int minor, Bytes payload) implements CallFrame {}

  /**
   * The call was not taken up.
   *
   * @param id which call
   * @param code text of a transport code
   * @param reason in words
   */
  record Refusal(long id, String code, String reason) implements CallFrame {}

  /**
   * The handler failed.
   *
   * @param id which call
   * @param kind of the failure
   * @param code text of the handler's own code
   * @param reason in words
   */
  record Failure(long id, Kind kind, String code, String reason) implements CallFrame {}

  /**
   * The caller does not want the answer any more.
   *
   * @param id which call
   */
  record Cancel(long id) implements CallFrame {}

  /** Every frame. */
  Codec<CallFrame> CODEC =
      new Codec<>() {
        private static final int REQUEST = 1;
        private static final int REPLY = 2;
        private static final int REFUSAL = 3;
        private static final int FAILURE = 4;
        private static final int CANCEL = 5;
        private static final long ALONE = 1;

        @Override
        public void write(WireWriter out, CallFrame frame) {
          switch (frame) {
            case Request(var id, var protocol, var realm, var deadline, var alone, var payload) ->
                out.uint(1, REQUEST)
                    .uint(2, id)
                    .string(3, protocol)
                    .string(4, realm)
                    .uint(5, deadline)
                    .uint(6, alone ? ALONE : 0)
                    .bytes(11, payload.toByteArray());
            case Reply(var id, var minor, var payload) ->
                out.uint(1, REPLY).uint(2, id).uint(7, minor).bytes(11, payload.toByteArray());
            case Refusal(var id, var code, var reason) ->
                out.uint(1, REFUSAL).uint(2, id).string(9, code).string(10, reason);
            case Failure(var id, var kind, var code, var reason) ->
                out.uint(1, FAILURE)
                    .uint(2, id)
                    .uint(8, kind.closeCode())
                    .string(9, code)
                    .string(10, reason);
            case Cancel(var id) -> out.uint(1, CANCEL).uint(2, id);
          }
        }

        @Override
        public CallFrame read(WireReader in) {
          int what = 0;
          long id = 0;
          var protocol = "";
          var realm = "";
          long deadline = 0;
          long flags = 0;
          int minor = 0;
          int kind = 0;
          var code = "";
          var reason = "";
          var payload = Bytes.EMPTY;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> what = in.uint(CANCEL);
              case 2 -> id = in.uint(Long.MAX_VALUE);
              case 3 -> protocol = in.string(ProtocolId.MAX_TEXT);
              case 4 -> realm = in.string(MAX_REALM);
              case 5 -> deadline = in.uint(Integer.MAX_VALUE);
              case 6 -> flags = in.uint();
              case 7 -> minor = in.uint(9999);
              case 8 -> kind = in.uint(Integer.MAX_VALUE);
              case 9 -> code = in.string(MAX_CODE);
              case 10 -> reason = in.string(MAX_REASON);
              case 11 -> payload = Bytes.of(in.bytes(Integer.MAX_VALUE));
              default -> in.skip();
            }
          }
          if (id == 0) {
            throw new Fault(KernelCode.MALFORMED, "a call without an id");
          }
          return switch (what) {
            case REQUEST -> {
              if ((flags & ~ALONE) != 0) {
                throw new Fault(
                    KernelCode.MALFORMED, "unknown call flags " + Long.toHexString(flags));
              }
              yield new Request(id, protocol, realm, deadline, flags == ALONE, payload);
            }
            case REPLY -> new Reply(id, minor, payload);
            case REFUSAL -> new Refusal(id, code, reason);
            case FAILURE -> new Failure(id, Kind.ofCloseCode(kind), code, reason);
            case CANCEL -> new Cancel(id);
            default -> throw new Fault(KernelCode.MALFORMED, "a call frame that says nothing");
          };
        }
      };

  /** A refusal with a reason that fits. */
  static Refusal refusal(long id, TransportCode code, String reason) {
    return new Refusal(id, code.text(), Wording.cut(reason, MAX_REASON));
  }

  /** A failure with a reason that fits. */
  static Failure failure(long id, Fault fault) {
    return new Failure(
        id,
        fault.kind(),
        Wording.cut(fault.code().text(), MAX_CODE),
        Wording.cut(String.valueOf(fault.getMessage()), MAX_REASON));
  }
}
