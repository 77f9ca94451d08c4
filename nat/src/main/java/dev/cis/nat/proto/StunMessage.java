package dev.cis.nat.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Bytes;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A STUN message (RFC 8489 section 5).
 *
 * @param method 12 bits, such as {@link #BINDING}
 * @param kind request, indication, success or error
 * @param transaction 12 bytes, chosen by who asked
 * @param attributes in their order, at most 32; FINGERPRINT among them is checked when read
 */
public record StunMessage(int method, Kind kind, Bytes transaction, List<Attribute> attributes) {
  /** The class, in the order of its two bits. */
  public enum Kind {
    REQUEST(0),
    INDICATION(1),
    SUCCESS(2),
    ERROR(3);

    private final int bits;

    Kind(int bits) {
      this.bits = bits;
    }

    private static Kind of(int bits) {
      return switch (bits) {
        case 0 -> REQUEST;
        case 1 -> INDICATION;
        case 2 -> SUCCESS;
        default -> ERROR;
      };
    }
  }

  /**
   * An attribute, its padding left out.
   *
   * @param type 16 bits; from 0x8000 on whoever does not know it may pass over it
   * @param value at most 763 bytes
   */
  public record Attribute(int type, Bytes value) {}

  /** The one method that is answered. */
  public static final int BINDING = 1;

  /** RFC 8489 section 14.5. */
  public static final int MESSAGE_INTEGRITY = 0x0008;

  /** RFC 8489 section 14.8. */
  public static final int ERROR_CODE = 0x0009;

  /** RFC 8489 section 14.9. */
  public static final int UNKNOWN_ATTRIBUTES = 0x000A;

  /** RFC 8489 section 14.2. */
  public static final int XOR_MAPPED_ADDRESS = 0x0020;

  /** RFC 8489 section 14.7. */
  public static final int FINGERPRINT = 0x8028;

  /** Largest message that is read: what every path carries in one datagram. */
  public static final int MAX_BYTES = 1_280;

  static final int HEADER_BYTES = 20;
  static final int TRANSACTION_BYTES = 12;

  private static final int COOKIE = 0x2112A442;
  private static final int FINGERPRINT_XOR = 0x5354554E;
  private static final int MAX_ATTRIBUTES = 32;
  private static final int MAX_VALUE = 763;
  private static final int INTEGRITY_BYTES = 20;

  /** Copies the attributes and checks the sizes. */
  public StunMessage {
    attributes = List.copyOf(attributes);
    if (method < 0
        || method > 0xFFF
        || transaction.size() != TRANSACTION_BYTES
        || attributes.size() > MAX_ATTRIBUTES) {
      throw malformed("impossible parts");
    }
  }

  /** Whether a datagram claims to be STUN: two zero bits and the magic cookie. */
  public static boolean looksLike(byte[] datagram) {
    return datagram.length >= HEADER_BYTES
        && (datagram[0] & 0xC0) == 0
        && ByteBuffer.wrap(datagram).getInt(4) == COOKIE;
  }

  /** Whether what looks like STUN is an answer: a success or an error. */
  public static boolean isAnswer(byte[] datagram) {
    return (datagram[0] & 1) != 0;
  }

  /**
   * Reads a message, and checks its FINGERPRINT if it has one.
   *
   * @throws Fault {@code kernel.malformed}
   */
  public static StunMessage decode(byte[] datagram) {
    return decode(datagram, MAX_BYTES, MAX_VALUE);
  }

  /**
   * The same for a message that carries somebody's data (RFC 8656), as large as datagrams get.
   *
   * @throws Fault {@code kernel.malformed}
   */
  static StunMessage decodeLarge(byte[] datagram) {
    return decode(datagram, 0xFFFF + HEADER_BYTES, 0xFFFF);
  }

  private static StunMessage decode(byte[] datagram, int mostBytes, int mostValue) {
    if (!looksLike(datagram) || datagram.length > mostBytes) {
      throw malformed("no STUN message");
    }
    var in = ByteBuffer.wrap(datagram);
    int type = in.getShort();
    int length = in.getShort() & 0xFFFF;
    if (length % 4 != 0 || length != datagram.length - HEADER_BYTES) {
      throw malformed("its length is " + length);
    }
    var transaction = new byte[TRANSACTION_BYTES];
    in.position(8).get(transaction);
    var attributes = new ArrayList<Attribute>();
    while (in.hasRemaining()) {
      attributes.add(attribute(datagram, in, mostValue));
      if (attributes.size() > MAX_ATTRIBUTES) {
        throw malformed("more than " + MAX_ATTRIBUTES + " attributes");
      }
    }
    // RFC 8489 section 5: the bits of the class stand between those of the method.
    int method = (type & 0xF) | ((type >> 1) & 0x70) | ((type >> 2) & 0xF80);
    int kind = ((type >> 4) & 1) | ((type >> 7) & 2);
    return new StunMessage(method, Kind.of(kind), Bytes.of(transaction), attributes);
  }

  private static Attribute attribute(byte[] datagram, ByteBuffer in, int mostValue) {
    int start = in.position();
    int type = in.getShort() & 0xFFFF;
    int length = in.getShort() & 0xFFFF;
    if (length > mostValue || padded(length) > in.remaining()) {
      throw malformed("an attribute of " + length + " bytes");
    }
    var value = new byte[length];
    in.get(value).position(in.position() + padded(length) - length);
    if (type == FINGERPRINT && (length != 4 || in.hasRemaining())) {
      throw malformed("a fingerprint that is not the last attribute");
    }
    if (type == FINGERPRINT && ByteBuffer.wrap(value).getInt() != fingerprint(datagram, start)) {
      throw malformed("its fingerprint is wrong");
    }
    return new Attribute(type, Bytes.of(value));
  }

  private static int padded(int length) {
    return (length + 3) & ~3;
  }

  /** The encoding. A FINGERPRINT is appended if asked for. */
  public byte[] encode(boolean fingerprint) {
    int size = HEADER_BYTES + (fingerprint ? 8 : 0);
    for (var attribute : attributes) {
      size += 4 + padded(attribute.value.size());
    }
    var out = ByteBuffer.allocate(size);
    int type = (method & 0xF) | ((method & 0x70) << 1) | ((method & 0xF80) << 2);
    type |= ((kind.bits & 1) << 4) | ((kind.bits & 2) << 7);
    out.putShort((short) type).putShort((short) (size - HEADER_BYTES)).putInt(COOKIE);
    out.put(transaction.toByteArray());
    for (var attribute : attributes) {
      out.putShort((short) attribute.type).putShort((short) attribute.value.size());
      out.put(attribute.value.toByteArray());
      out.position(HEADER_BYTES + padded(out.position() - HEADER_BYTES));
    }
    if (fingerprint) {
      int at = out.position();
      out.putShort((short) FINGERPRINT).putShort((short) 4);
      out.putInt(fingerprint(out.array(), at));
    }
    return out.array();
  }

  /**
   * The encoding with a MESSAGE-INTEGRITY at the end (RFC 8489 section 14.5), without a
   * FINGERPRINT.
   *
   * @param key for long-term credentials MD5 of {@code user:realm:password}
   */
  public byte[] encodeSigned(byte[] key) {
    var unsigned = new ArrayList<>(attributes);
    unsigned.add(new Attribute(MESSAGE_INTEGRITY, Bytes.of(new byte[INTEGRITY_BYTES])));
    byte[] message = new StunMessage(method, kind, transaction, unsigned).encode(false);
    int end = message.length - INTEGRITY_BYTES;
    byte[] hmac = hmac(key, Arrays.copyOf(message, end - 4));
    System.arraycopy(hmac, 0, message, end, INTEGRITY_BYTES);
    return message;
  }

  /** CRC-32 of what comes before, XOR a constant (RFC 8489 section 14.7). */
  private static int fingerprint(byte[] message, int before) {
    var crc = new CRC32();
    crc.update(message, 0, before);
    return (int) crc.getValue() ^ FINGERPRINT_XOR;
  }

  /** The first attribute of a type. */
  public Optional<Bytes> attribute(int type) {
    return attributes.stream().filter(a -> a.type == type).map(Attribute::value).findFirst();
  }

  /**
   * Whether the MESSAGE-INTEGRITY of an encoded message was made with this key (RFC 8489 section
   * 14.5): HMAC-SHA1 over what comes before it, with the length in the header as if it were the
   * end.
   */
  public static boolean isIntact(byte[] datagram, byte[] key) {
    var in = ByteBuffer.wrap(datagram);
    in.position(HEADER_BYTES);
    while (in.remaining() >= 4) {
      int start = in.position();
      int type = in.getShort() & 0xFFFF;
      int length = in.getShort() & 0xFFFF;
      if (padded(length) > in.remaining()) {
        return false;
      }
      if (type == MESSAGE_INTEGRITY && length == INTEGRITY_BYTES) {
        byte[] covered = Arrays.copyOf(datagram, start);
        ByteBuffer.wrap(covered).putShort(2, (short) (start + 4 + INTEGRITY_BYTES - HEADER_BYTES));
        byte[] said = Arrays.copyOfRange(datagram, start + 4, start + 4 + INTEGRITY_BYTES);
        return java.security.MessageDigest.isEqual(said, hmac(key, covered));
      }
      in.position(in.position() + padded(length));
    }
    return false;
  }

  private static byte[] hmac(byte[] key, byte[] message) {
    try {
      var mac = Mac.getInstance("HmacSHA1");
      mac.init(new SecretKeySpec(key, "HmacSHA1"));
      return mac.doFinal(message);
    } catch (GeneralSecurityException e) {
      throw new Fault(KernelCode.DEFECT, "this Java has no HMAC-SHA-1", e);
    }
  }

  /** The attribute that says where a message came from (RFC 8489 section 14.2). */
  public static Attribute xorMapped(Endpoint endpoint, Bytes transaction) {
    return StunAddress.xored(XOR_MAPPED_ADDRESS, endpoint, transaction);
  }

  /** Where the sender of the request was seen; empty if that is not said, or not in proper form. */
  public Optional<Endpoint> mapped() {
    return StunAddress.xored(this, XOR_MAPPED_ADDRESS);
  }

  private static Fault malformed(String why) {
    return new Fault(KernelCode.MALFORMED, "a STUN message: " + why);
  }
}
