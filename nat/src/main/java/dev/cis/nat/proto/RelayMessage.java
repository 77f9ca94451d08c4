package dev.cis.nat.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What is said on a stream of {@code /cis/sys/relay/1.0} between a node and its relay. A stream
 * that begins with {@link Kind#RESERVE} stays open as long as the reservation; one that begins with
 * {@link Kind#CONNECT} as long as the circuit.
 *
 * @param kind what it is
 * @param node whom a circuit leads to; for {@link Kind#INCOMING} and {@link Kind#GONE} whom it
 *     comes from
 * @param circuit the receiver's end of a circuit, 64 random bits; 0 where there is none
 * @param seen the receiver's address as the relay sees it, empty where it does not matter
 * @param seconds how long a reservation holds unless it is renewed
 * @param reason why not, for people
 */
public record RelayMessage(
    Kind kind, @Nullable NodeId node, long circuit, String seen, int seconds, String reason) {
  /** Largest encoding in bytes. */
  public static final int MAX_BYTES = 512;

  private static final int MAX_REASON = 256;

  /** What is said. */
  public enum Kind {
    /** Node to relay: let others reach me through you; again to renew it. */
    RESERVE(1),
    /** Relay to node: so be it, for so many seconds. */
    RESERVED(2),
    /** Node to relay: join me with that node. */
    CONNECT(3),
    /** Relay to node: this is your end of the circuit. */
    CONNECTED(4),
    /** Relay to a node with a reservation: somebody has a circuit to you. */
    INCOMING(5),
    /** Relay to node: no; the stream ends. */
    REFUSED(6),
    /** Relay to a node with a reservation: that circuit of somebody to you is no more. */
    GONE(7);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    private static Kind of(long code) {
      return Arrays.stream(values())
          .filter(kind -> kind.code == code)
          .findFirst()
          .orElseThrow(() -> new Fault(KernelCode.MALFORMED, "a relay message of kind " + code));
    }
  }

  /** Checks that what the kind needs is there. */
  public RelayMessage {
    boolean told = kind == Kind.INCOMING || kind == Kind.GONE;
    boolean named = kind == Kind.CONNECT || told;
    boolean joined = kind == Kind.CONNECTED || told;
    if (named != (node != null) || joined != (circuit != 0)) {
      throw new Fault(KernelCode.MALFORMED, "an incomplete relay message " + kind);
    }
  }

  /** A question for a reservation, or for more time. */
  public static RelayMessage reserve() {
    return new RelayMessage(Kind.RESERVE, null, 0, "", 0, "");
  }

  /** A reservation. */
  public static RelayMessage reserved(String seen, int seconds) {
    return new RelayMessage(Kind.RESERVED, null, 0, seen, seconds, "");
  }

  /** A question for a circuit. */
  public static RelayMessage connect(NodeId to) {
    return new RelayMessage(Kind.CONNECT, to, 0, "", 0, "");
  }

  /** One end of a circuit. */
  public static RelayMessage connected(long circuit, String seen) {
    return new RelayMessage(Kind.CONNECTED, null, circuit, seen, 0, "");
  }

  /** The other end. */
  public static RelayMessage incoming(NodeId from, long circuit) {
    return new RelayMessage(Kind.INCOMING, from, circuit, "", 0, "");
  }

  /** The end of such a circuit. */
  public static RelayMessage gone(NodeId from, long circuit) {
    return new RelayMessage(Kind.GONE, from, circuit, "", 0, "");
  }

  /** A refusal. */
  public static RelayMessage refused(String reason) {
    return new RelayMessage(Kind.REFUSED, null, 0, "", 0, reason);
  }

  /** The encoding. */
  public static final Codec<RelayMessage> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, RelayMessage message) {
          out.uint(1, message.kind.code);
          if (message.node != null) {
            out.bytes(2, message.node.bytes());
          }
          out.uint(3, message.circuit).string(4, message.seen).uint(5, message.seconds);
          out.string(6, message.reason);
        }

        @Override
        public RelayMessage read(WireReader in) {
          long kind = 0;
          NodeId node = null;
          long circuit = 0;
          var seen = "";
          int seconds = 0;
          var reason = "";
          while (in.next()) {
            switch (in.field()) {
              case 1 -> kind = in.uint(255);
              case 2 -> node = NodeId.of(in.exactly(NodeId.BYTES));
              case 3 -> circuit = in.uint();
              case 4 -> seen = in.string(64);
              case 5 -> seconds = in.uint(86_400);
              case 6 -> reason = in.string(MAX_REASON);
              default -> in.skip();
            }
          }
          return new RelayMessage(Kind.of(kind), node, circuit, seen, seconds, reason);
        }
      };
}
