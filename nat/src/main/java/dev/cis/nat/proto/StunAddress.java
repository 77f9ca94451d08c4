package dev.cis.nat.proto;

import dev.cis.kernel.wire.Bytes;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * Attributes that hold an address: plain as MAPPED-ADDRESS (RFC 8489 section 14.1), or mixed with
 * cookie and transaction id as XOR-MAPPED-ADDRESS (section 14.2), so that routers which rewrite
 * every address that they see in a packet leave them alone.
 */
public final class StunAddress {
  /** Where the answer was sent from (RFC 5780 section 7.3); plain. */
  public static final int RESPONSE_ORIGIN = 0x802B;

  /** Address and port from which a server answers when asked to change both; plain. */
  public static final int OTHER_ADDRESS = 0x802C;

  private static final int COOKIE = 0x2112A442;

  private StunAddress() {}

  /** A plain attribute. */
  public static StunMessage.Attribute plain(int type, Endpoint endpoint) {
    return write(type, endpoint.port(), endpoint.ip().toByteArray());
  }

  /** A mixed attribute. */
  public static StunMessage.Attribute xored(int type, Endpoint endpoint, Bytes transaction) {
    byte[] ip = endpoint.ip().toByteArray();
    return write(type, endpoint.port() ^ (COOKIE >>> 16), mask(ip, transaction));
  }

  private static StunMessage.Attribute write(int type, int port, byte[] ip) {
    var out = ByteBuffer.allocate(4 + ip.length);
    out.put((byte) 0).put((byte) (ip.length == 4 ? 1 : 2)).putShort((short) port).put(ip);
    return new StunMessage.Attribute(type, Bytes.of(out.array()));
  }

  /** The address in a plain attribute; empty if there is none, or none in proper form. */
  public static Optional<Endpoint> plain(StunMessage message, int type) {
    return message.attribute(type).map(Bytes::toByteArray).flatMap(StunAddress::read);
  }

  /** The address in a mixed attribute. */
  public static Optional<Endpoint> xored(StunMessage message, int type) {
    return plain(message, type)
        .map(mixed ->
            new Endpoint(
                Bytes.of(mask(mixed.ip().toByteArray(), message.transaction())),
                mixed.port() ^ (COOKIE >>> 16)));
  }

  private static Optional<Endpoint> read(byte[] value) {
    if (value.length < 4 || value.length != (value[1] == 1 ? 8 : value[1] == 2 ? 20 : 0)) {
      return Optional.empty();
    }
    int port = ByteBuffer.wrap(value).getShort(2) & 0xFFFF;
    return Optional.of(new Endpoint(Bytes.of(Arrays.copyOfRange(value, 4, value.length)), port));
  }

  private static byte[] mask(byte[] ip, Bytes transaction) {
    var mask = ByteBuffer.allocate(16).putInt(COOKIE).put(transaction.toByteArray()).array();
    var masked = new byte[ip.length];
    for (int i = 0; i < ip.length; i++) {
      masked[i] = (byte) (ip[i] ^ mask[i]);
    }
    return masked;
  }
}
