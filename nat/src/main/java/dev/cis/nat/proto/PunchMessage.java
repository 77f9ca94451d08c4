package dev.cis.nat.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What two nodes say to find a direct path: an offer and an answer on a stream of {@code
 * /cis/sys/punch/1.0} over the relayed connection, then probes, as datagrams between their QUIC
 * sockets.
 *
 * <p>A probe has 50 bytes: {@code 0x0E 'c' 'i' 's' 1}, kind (1 ask, 2 answer), role of the sender
 * (0 offered, 1 answered), 8 bytes of session, 8 of transaction, 11 zeros, and the first 16 bytes
 * of HMAC-SHA-256 over all before with the key of the session. Only the two know the key, and the
 * role keeps a probe from being played back to its sender; a host with the same private address
 * somewhere else has no key and stays silent.
 */
public final class PunchMessage {
  /** Bytes of the key of a session. */
  public static final int KEY_BYTES = 16;

  /** Most candidates of one side. */
  public static final int MAX_CANDIDATES = 24;

  /** Largest encoding of an offer in bytes. */
  public static final int MAX_OFFER = 1024;

  private static final byte[] MAGIC = {0x0E, 'c', 'i', 's', 1};
  private static final int PROBE_BYTES = 50;
  private static final int MAC_BYTES = 16;
  private static final int SIGNED_BYTES = PROBE_BYTES - MAC_BYTES;
  private static final String HMAC = "HmacSHA256";

  private PunchMessage() {}

  /**
   * "Here I may be reached; where may you?"
   *
   * @param session chosen by who offers
   * @param key of the session; empty in the answer
   * @param candidates where the sender may be reached, most promising first
   */
  public record Offer(long session, Bytes key, List<Endpoint> candidates) {
    /** Copies the list and checks the sizes. */
    public Offer {
      candidates = List.copyOf(candidates);
      if (candidates.size() > MAX_CANDIDATES || !(key.isEmpty() || key.size() == KEY_BYTES)) {
        throw new Fault(
            KernelCode.MALFORMED,
            "an offer with " + candidates.size() + " candidates and a key of " + key.size());
      }
    }
  }

  /**
   * A probe.
   *
   * @param isAnswer whether it answers one with the same transaction
   * @param byOfferer who sent it
   */
  public record Probe(boolean isAnswer, boolean byOfferer, long session, long transaction) {}

  private static final Codec<Endpoint> ENDPOINT =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Endpoint endpoint) {
          out.bytes(1, endpoint.ip().toByteArray()).uint(2, endpoint.port());
        }

        @Override
        public Endpoint read(WireReader in) {
          var ip = Bytes.EMPTY;
          int port = 0;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> ip = Bytes.of(in.bytes(16));
              case 2 -> port = in.uint(65_535);
              default -> in.skip();
            }
          }
          if ((ip.size() != 4 && ip.size() != 16) || port == 0) {
            throw new Fault(KernelCode.MALFORMED, "a candidate without address or port");
          }
          return new Endpoint(ip, port);
        }
      };

  /** Offers and answers. */
  public static final Codec<Offer> OFFER =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Offer offer) {
          out.uint(1, offer.session).bytes(2, offer.key.toByteArray());
          out.messages(3, ENDPOINT, offer.candidates);
        }

        @Override
        public Offer read(WireReader in) {
          long session = 0;
          var key = Bytes.EMPTY;
          var candidates = new ArrayList<Endpoint>();
          while (in.next()) {
            switch (in.field()) {
              case 1 -> session = in.uint();
              case 2 -> key = Bytes.of(in.exactly(KEY_BYTES));
              case 3 -> candidates.add(in.message(ENDPOINT, 32));
              default -> in.skip();
            }
          }
          return new Offer(session, key, candidates);
        }
      };

  /** Whether a datagram is a probe, of whatever session. */
  public static boolean looksLike(byte[] datagram) {
    return datagram.length == PROBE_BYTES
        && Arrays.equals(MAGIC, 0, MAGIC.length, datagram, 0, MAGIC.length);
  }

  /** The session of a datagram that looks like a probe. */
  public static long session(byte[] datagram) {
    return ByteBuffer.wrap(datagram).getLong(MAGIC.length + 2);
  }

  /** The datagram. */
  public static byte[] encode(Probe probe, Bytes key) {
    var datagram = ByteBuffer.allocate(PROBE_BYTES);
    datagram.put(MAGIC).put((byte) (probe.isAnswer ? 2 : 1)).put((byte) (probe.byOfferer ? 0 : 1));
    datagram.putLong(probe.session).putLong(probe.transaction);
    byte[] bytes = datagram.array();
    System.arraycopy(mac(bytes, key), 0, bytes, SIGNED_BYTES, MAC_BYTES);
    return bytes;
  }

  /** The probe, if it is genuine. */
  public static Optional<Probe> decode(byte[] datagram, Bytes key) {
    if (!looksLike(datagram)
        || !MessageDigest.isEqual(
            mac(datagram, key), Arrays.copyOfRange(datagram, SIGNED_BYTES, PROBE_BYTES))) {
      return Optional.empty();
    }
    var in = ByteBuffer.wrap(datagram).position(MAGIC.length);
    int kind = in.get();
    int role = in.get();
    return (kind == 1 || kind == 2) && (role == 0 || role == 1)
        ? Optional.of(new Probe(kind == 2, role == 0, in.getLong(), in.getLong()))
        : Optional.empty();
  }

  private static byte[] mac(byte[] datagram, Bytes key) {
    try {
      var mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key.toByteArray(), HMAC));
      mac.update(datagram, 0, SIGNED_BYTES);
      return Arrays.copyOf(mac.doFinal(), MAC_BYTES);
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java has " + HMAC, e);
    }
  }
}
