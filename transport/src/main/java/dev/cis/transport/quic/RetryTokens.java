package dev.cis.transport.quic;

import dev.cis.transport.Doorkeeper;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.quic.Quic;
import io.netty.handler.codec.quic.QuicTokenHandler;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Address validation by Retry (RFC 9000 section 8.1.2): when there is much to do, nobody makes us
 * keep state, or send much, for an address at which it does not receive. A token is {@code MAC ||
 * time || original destination connection id}; the MAC binds both to the sender's address and port.
 */
final class RetryTokens implements QuicTokenHandler {
  private static final int MAC_BYTES = 16;
  private static final int PREFIX = MAC_BYTES + Long.BYTES;
  private static final Duration LIFETIME = Duration.ofSeconds(30);

  private final Doorkeeper door;
  private final SecretKeySpec secret;
  private final LongSupplier uptimeMillis;

  /** Tokens under a fresh secret; those of an earlier run are worth nothing. */
  RetryTokens(RandomGenerator random, LongSupplier uptimeMillis, Doorkeeper door) {
    this.door = door;
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    this.secret = new SecretKeySpec(bytes, "HmacSHA256");
    this.uptimeMillis = uptimeMillis;
  }

  @Override
  public boolean writeToken(ByteBuf out, ByteBuf dcid, InetSocketAddress address) {
    if (!door.mustProve(address.getAddress())) {
      return false; // a round trip saved
    }
    long now = uptimeMillis.getAsLong();
    byte[] id = ByteBufUtil.getBytes(dcid);
    out.writeBytes(mac(now, id, address)).writeLong(now).writeBytes(id);
    return true;
  }

  @Override
  public int validateToken(ByteBuf token, InetSocketAddress address) {
    int size = token.readableBytes();
    if (size < PREFIX || size > maxTokenLength() || door.isOverrun(address.getAddress())) {
      return -1;
    }
    byte[] bytes = ByteBufUtil.getBytes(token);
    long time = ByteBuffer.wrap(bytes).getLong(MAC_BYTES);
    byte[] id = Arrays.copyOfRange(bytes, PREFIX, size);
    boolean genuine =
        MessageDigest.isEqual(Arrays.copyOf(bytes, MAC_BYTES), mac(time, id, address));
    long age = uptimeMillis.getAsLong() - time;
    return genuine && age >= 0 && age <= LIFETIME.toMillis() ? PREFIX : -1;
  }

  @Override
  public int maxTokenLength() {
    return PREFIX + Quic.MAX_CONN_ID_LEN;
  }

  private byte[] mac(long time, byte[] id, InetSocketAddress address) {
    try {
      var mac = Mac.getInstance("HmacSHA256");
      mac.init(secret);
      mac.update(address.getAddress().getAddress());
      mac.update(ByteBuffer.allocate(12).putInt(address.getPort()).putLong(time).flip());
      return Arrays.copyOf(mac.doFinal(id), MAC_BYTES);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no HmacSHA256", e);
    }
  }
}
