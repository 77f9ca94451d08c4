package dev.cis.nat.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Bytes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/** Methods, attributes and channel data of TURN (RFC 8656 sections 17 and 18). */
public final class TurnMessage {
  static final int ALLOCATE = 0x003;
  static final int REFRESH = 0x004;
  static final int SEND = 0x006;
  static final int DATA = 0x007;
  static final int CREATE_PERMISSION = 0x008;
  static final int CHANNEL_BIND = 0x009;

  static final int USERNAME = 0x0006;
  static final int CHANNEL_NUMBER = 0x000C;
  static final int LIFETIME = 0x000D;
  static final int XOR_PEER_ADDRESS = 0x0012;
  static final int DATA_VALUE = 0x0013;
  static final int REALM = 0x0014;
  static final int NONCE = 0x0015;
  static final int XOR_RELAYED_ADDRESS = 0x0016;
  static final int REQUESTED_TRANSPORT = 0x0019;

  /** Channels have numbers from here (RFC 8656 section 12) ... */
  static final int FIRST_CHANNEL = 0x4000;

  /** ... to here. */
  static final int LAST_CHANNEL = 0x4FFF;

  /** Bytes before the data on a channel. */
  static final int CHANNEL_HEAD = 4;

  /** Who asks has not said, or not proved, who it is. */
  static final int UNAUTHORIZED = 401;

  /** What an allocation lives without a word about it, in seconds (RFC 8656 section 3.2). */
  static final long USUAL_LIFETIME = 600;

  private static final Duration BEFORE_THE_END = Duration.ofSeconds(60);
  private static final byte UDP = 17;

  private TurnMessage() {}

  /**
   * Data on a channel (RFC 8656 section 12.4).
   *
   * @param channel 0x4000 to 0x4FFF
   */
  public record ChannelData(int channel, Bytes data) {
    /**
     * The encoding; padded to a multiple of four for TCP, where what follows must be found, and for
     * UDP as it is.
     */
    byte[] encode(boolean padded) {
      int size = CHANNEL_HEAD + data.size();
      var out = ByteBuffer.allocate(padded ? (size + 3) & ~3 : size);
      out.putShort((short) channel).putShort((short) data.size()).put(data.toByteArray());
      return out.array();
    }

    /**
     * Reads it, with or without padding.
     *
     * @throws Fault {@code kernel.malformed}
     */
    public static ChannelData decode(byte[] message) {
      if (!isChannelData(message)) {
        throw new Fault(KernelCode.MALFORMED, "no data on a channel");
      }
      var in = ByteBuffer.wrap(message);
      int channel = in.getShort() & 0xFFFF;
      int length = in.getShort() & 0xFFFF;
      int padding = in.remaining() - length;
      if (padding < 0 || padding > 3 || channel > LAST_CHANNEL) {
        throw new Fault(KernelCode.MALFORMED, "data on channel " + channel + " of " + length);
      }
      byte[] data = Arrays.copyOfRange(message, CHANNEL_HEAD, CHANNEL_HEAD + length);
      return new ChannelData(channel, Bytes.of(data));
    }
  }

  /** Whether a message claims to be data on a channel: its first two bits are 01. */
  static boolean isChannelData(byte[] message) {
    return message.length >= CHANNEL_HEAD && (message[0] & 0xC0) == 0x40;
  }

  static StunMessage.Attribute number(int type, int value) {
    return new StunMessage.Attribute(type, Bytes.of(ByteBuffer.allocate(4).putInt(value).array()));
  }

  static StunMessage.Attribute requestedUdp() {
    return number(REQUESTED_TRANSPORT, UDP << 24);
  }

  static StunMessage.Attribute channel(int number) {
    return number(CHANNEL_NUMBER, number << 16);
  }

  /** A number of seconds in an answer. */
  static Optional<Long> lifetime(StunMessage message) {
    return message
        .attribute(LIFETIME)
        .filter(value -> value.size() == 4)
        .map(value -> ByteBuffer.wrap(value.toByteArray()).getInt() & 0xFFFFFFFFL);
  }

  /** The code of an error, 300 to 699; 0 if there is none in proper form. */
  static int errorCode(StunMessage message) {
    byte[] value = message.attribute(StunMessage.ERROR_CODE).orElse(Bytes.EMPTY).toByteArray();
    return value.length < 4 ? 0 : (value[2] & 7) * 100 + (value[3] & 0xFF) % 100;
  }

  /** How long to wait with the refresh of an allocation: until a minute before its end. */
  static Duration untilRefresh(StunMessage message) {
    var lifetime =
        Duration.ofSeconds(Math.clamp(lifetime(message).orElse(USUAL_LIFETIME), 2, 24 * 3_600));
    var half = lifetime.dividedBy(2);
    var late = lifetime.minus(BEFORE_THE_END);
    return late.compareTo(half) > 0 ? late : half;
  }

  /** What a server says with an error (RFC 8656 section 19). */
  static String meaning(int code) {
    return switch (code) {
      case 300 -> "try another server";
      case UNAUTHORIZED -> "wrong user or password";
      case 403 -> "forbidden";
      case 437 -> "the allocation is gone";
      case 441 -> "wrong credentials";
      case 442 -> "no UDP";
      case 486 -> "this user has too many allocations";
      case 508 -> "the server is full";
      default -> "see RFC 8656 section 19";
    };
  }

  /** The key of long-term credentials (RFC 8489 section 9.2.2). */
  static byte[] key(String user, String realm, String password) {
    try {
      var text = user + ":" + realm + ":" + password;
      return MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new Fault(KernelCode.DEFECT, "this Java has no MD5", e);
    }
  }
}
