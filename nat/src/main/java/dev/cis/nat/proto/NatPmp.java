package dev.cis.nat.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Bytes;
import java.nio.ByteBuffer;
import java.time.Duration;

/** Messages of NAT-PMP (RFC 6886): two questions, and an answer to each. */
public final class NatPmp {
  /** UDP port of the router. */
  public static final int PORT = 5351;

  /** Largest answer in bytes. */
  public static final int MAX_BYTES = 16;

  static final int VERSION = 0;
  private static final int ADDRESS = 0;
  private static final int MAP_UDP = 1;
  private static final int ANSWER = 128;
  private static final int HEADER_BYTES = 8;

  private NatPmp() {}

  /**
   * What a router says.
   *
   * <p>RFC 6886 section 3.5: a router may leave out what follows the header when it refuses.
   */
  public sealed interface Answer {
    /** 0 for success, else a code of section 3.5. */
    int result();

    /** Seconds since the router forgot its mappings for the last time. */
    long epoch();

    /**
     * The router's own address on the outside.
     *
     * @param ip 4 bytes; zeros if it refuses
     */
    record ExternalAddress(int result, long epoch, Bytes ip) implements Answer {}

    /** A UDP mapping. */
    record Mapped(int result, long epoch, int internalPort, int externalPort, Duration life)
        implements Answer {}
  }

  /** Asks for the external address (section 3.2). */
  public static byte[] addressQuestion() {
    return new byte[] {VERSION, ADDRESS};
  }

  /** Asks for a UDP mapping, or with a life of zero for its end (section 3.3 and 3.4). */
  public static byte[] mapQuestion(int internalPort, int externalPort, Duration life) {
    return ByteBuffer.allocate(12)
        .put((byte) VERSION)
        .put((byte) MAP_UDP)
        .putShort((short) 0)
        .putShort((short) internalPort)
        .putShort((short) (life.isZero() ? 0 : externalPort))
        .putInt((int) life.toSeconds())
        .array();
  }

  /**
   * Reads an answer.
   *
   * @throws Fault {@code kernel.malformed}
   */
  public static Answer decode(byte[] datagram) {
    if (datagram.length < HEADER_BYTES || datagram.length > MAX_BYTES || datagram[0] != VERSION) {
      throw malformed("no answer of version 0: " + datagram.length + " bytes");
    }
    var in = ByteBuffer.wrap(datagram);
    int opcode = in.get(1) & 0xFF;
    int result = in.getShort(2) & 0xFFFF;
    long epoch = in.getInt(4) & 0xFFFFFFFFL;
    int rest = datagram.length - HEADER_BYTES;
    in.position(HEADER_BYTES);
    // Section 9 of RFC 6887: such a router answers what it does not know with the opcode it got.
    return switch (opcode) {
      case ANSWER + ADDRESS -> {
        checkRest(result, rest, 4);
        var ip = new byte[4];
        if (rest == ip.length) {
          in.get(ip);
        }
        yield new Answer.ExternalAddress(result, epoch, Bytes.of(ip));
      }
      case ANSWER + MAP_UDP -> {
        checkRest(result, rest, 8);
        if (rest < 8) {
          yield new Answer.Mapped(result, epoch, 0, 0, Duration.ZERO);
        }
        yield new Answer.Mapped(
            result,
            epoch,
            in.getShort() & 0xFFFF,
            in.getShort() & 0xFFFF,
            Duration.ofSeconds(in.getInt() & 0xFFFFFFFFL));
      }
      default -> throw malformed("opcode " + opcode);
    };
  }

  /** What a code means, for people. */
  public static String meaning(int result) {
    return switch (result) {
      case 0 -> "success";
      case 1 -> "unsupported version";
      case 2 -> "not authorized";
      case 3 -> "the router's own network is down";
      case 4 -> "out of resources";
      case 5 -> "unsupported opcode";
      default -> "result " + result;
    };
  }

  private static void checkRest(int result, int rest, int wanted) {
    if (rest != wanted && (result == 0 || rest != 0)) {
      throw malformed(rest + " bytes behind the header instead of " + wanted);
    }
  }

  private static Fault malformed(String why) {
    return new Fault(KernelCode.MALFORMED, "bad NAT-PMP message: " + why);
  }
}
