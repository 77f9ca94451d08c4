package dev.cis.nat.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Bytes;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;

/** The MAP opcode of the Port Control Protocol (RFC 6887, sections 7 and 11), for UDP. */
public final class Pcp {
  /** Largest message in bytes (section 7). */
  public static final int MAX_BYTES = 1_100;

  /** Size of a nonce. */
  public static final int NONCE_BYTES = 12;

  /** Result: another nonce made the mapping, or the router forbids it (section 7.4). */
  public static final int NOT_AUTHORIZED = 2;

  static final int VERSION = 2;
  private static final int MAP = 1;
  private static final int ANSWER = 0x80;
  private static final int HEADER_BYTES = 24;
  private static final int MAP_BYTES = 36;
  private static final int UDP = 17;
  private static final int IP_BYTES = 16;
  private static final int MAPPED_PREFIX = 12;

  private Pcp() {}

  /**
   * Asks for a mapping, or with a life of zero for its end.
   *
   * @param client own address, 4 or 16 bytes, which the router compares with the packet's source
   * @param nonce made by whoever owns the mapping; others cannot change it without
   * @param externalPort wish; the router may give another
   */
  public record Question(
      Duration life, Bytes client, Bytes nonce, int internalPort, int externalPort) {
    /** The message. */
    public byte[] encode() {
      return ByteBuffer.allocate(HEADER_BYTES + MAP_BYTES)
          .put((byte) VERSION)
          .put((byte) MAP)
          .putShort((short) 0)
          .putInt((int) life.toSeconds())
          .put(wide(client))
          .put(nonce.toByteArray())
          .put((byte) UDP)
          .put(new byte[3])
          .putShort((short) internalPort)
          .putShort((short) (life.isZero() ? 0 : externalPort))
          // No wish for an address: all zeros of the wanted family (section 11.1).
          .put(wide(Bytes.of(new byte[client.size()])))
          .array();
    }
  }

  /**
   * What a router says.
   *
   * @param version of the router: other than 2 says that it does not speak this version
   * @param result 0 for success, else a code of section 7.4
   * @param life of the mapping, or of the refusal
   * @param epoch seconds since the router forgot its mappings for the last time
   * @param nonce empty in a refusal that does not repeat the question
   * @param externalIp 4 or 16 bytes, or empty
   */
  public record Answer(
      int version,
      int result,
      Duration life,
      long epoch,
      Bytes nonce,
      int internalPort,
      int externalPort,
      Bytes externalIp) {
    /** Whether it belongs to this question. */
    public boolean answers(Question question) {
      return nonce.isEmpty()
          ? result != 0
          : nonce.equals(question.nonce) && internalPort == question.internalPort;
    }
  }

  /**
   * Reads an answer; options behind it are skipped (section 7.3).
   *
   * @throws Fault {@code kernel.malformed}
   */
  public static Answer decode(byte[] datagram) {
    if (datagram.length >= 8 && datagram.length <= 16 && datagram[0] == NatPmp.VERSION) {
      return older(datagram);
    }
    if (datagram.length < HEADER_BYTES
        || datagram.length > MAX_BYTES
        || datagram.length % 4 != 0
        || (datagram[1] & ANSWER) == 0) {
      throw malformed("no answer: " + datagram.length + " bytes");
    }
    var in = ByteBuffer.wrap(datagram);
    int version = in.get() & 0xFF;
    int opcode = in.get() & 0x7F;
    int _ = in.get();
    int result = in.get() & 0xFF;
    var life = Duration.ofSeconds(in.getInt() & 0xFFFFFFFFL);
    long epoch = in.getInt() & 0xFFFFFFFFL;
    if (result == 0 && (version != VERSION || opcode != MAP)) {
      throw malformed("version " + version + ", opcode " + opcode);
    }
    boolean whole = datagram.length >= HEADER_BYTES + MAP_BYTES;
    if (version != VERSION || opcode != MAP || (result != 0 && !whole)) {
      return new Answer(version, result, life, epoch, Bytes.EMPTY, 0, 0, Bytes.EMPTY);
    }
    if (!whole) {
      throw malformed("a mapping in " + datagram.length + " bytes");
    }
    in.position(HEADER_BYTES);
    var nonce = new byte[NONCE_BYTES];
    in.get(nonce);
    int protocol = in.get() & 0xFF;
    if (protocol != UDP) {
      throw malformed("protocol " + protocol);
    }
    in.position(in.position() + 3);
    int internal = in.getShort() & 0xFFFF;
    int external = in.getShort() & 0xFFFF;
    var ip = new byte[IP_BYTES];
    in.get(ip);
    return new Answer(
        version, result, life, epoch, Bytes.of(nonce), internal, external, narrow(ip));
  }

  /** A router that speaks NAT-PMP only refuses in that format (section 9). */
  private static Answer older(byte[] datagram) {
    var in = ByteBuffer.wrap(datagram);
    int result = in.getShort(2) & 0xFFFF;
    if (result == 0 || (datagram[1] & ANSWER) == 0) {
      throw malformed("version 0 without a refusal");
    }
    return new Answer(
        0, result, Duration.ZERO, in.getInt(4) & 0xFFFFFFFFL, Bytes.EMPTY, 0, 0, Bytes.EMPTY);
  }

  /** What a code means, for people. */
  public static String meaning(int result) {
    return switch (result) {
      case 0 -> "success";
      case 1 -> "unsupported version";
      case NOT_AUTHORIZED -> "not authorized";
      case 3 -> "malformed request";
      case 4 -> "unsupported opcode";
      case 5 -> "unsupported option";
      case 6 -> "malformed option";
      case 7 -> "the router's own network is down";
      case 8 -> "out of resources";
      case 9 -> "unsupported protocol";
      case 10 -> "quota exceeded";
      case 11 -> "cannot provide that external port";
      case 12 -> "another address translator is between us and the router";
      case 13 -> "excessive remote peers";
      default -> "result " + result;
    };
  }

  private static byte[] wide(Bytes ip) {
    if (ip.size() == IP_BYTES) {
      return ip.toByteArray();
    }
    var wide = new byte[IP_BYTES];
    wide[MAPPED_PREFIX - 2] = (byte) 0xFF;
    wide[MAPPED_PREFIX - 1] = (byte) 0xFF;
    System.arraycopy(ip.toByteArray(), 0, wide, MAPPED_PREFIX, IP_BYTES - MAPPED_PREFIX);
    return wide;
  }

  private static Bytes narrow(byte[] wide) {
    var prefix = Arrays.copyOf(wide(Bytes.of(new byte[4])), MAPPED_PREFIX);
    return Arrays.equals(wide, 0, MAPPED_PREFIX, prefix, 0, MAPPED_PREFIX)
        ? Bytes.of(Arrays.copyOfRange(wide, MAPPED_PREFIX, IP_BYTES))
        : Bytes.of(wide);
  }

  private static Fault malformed(String why) {
    return new Fault(KernelCode.MALFORMED, "bad PCP message: " + why);
  }
}
