package dev.cis.kernel.identity;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A message and the key that vouches for it. The signature covers {@code domain || 0x00 ||
 * payload}, where payload is exactly the bytes carried; the domain string keeps a signature made
 * for one purpose from being used for another.
 *
 * <p>Values of this type that came through {@link Signed#codec} have a verified signature: a codec
 * never hands out a message whose signature is wrong.
 *
 * @param <T> the message
 */
public final class Signed<T> {
  private final T value;
  private final byte[] payload;
  private final PublicKey signer;
  private final byte[] signature;

  private Signed(T value, byte[] payload, PublicKey signer, byte[] signature) {
    this.value = value;
    this.payload = payload;
    this.signer = signer;
    this.signature = signature;
  }

  /** Signs a message. */
  public static <T> Signed<T> sign(KeyPair key, String domain, Codec<T> codec, T value) {
    byte[] payload = codec.encode(value);
    return new Signed<>(value, payload, key.publicKey(), key.sign(covered(domain, payload)));
  }

  /**
   * The codec of signed messages of one domain. {@code limit} is the largest payload in bytes.
   * Reading verifies the signature and fails with {@code kernel.bad-signature}.
   */
  public static <T> Codec<Signed<T>> codec(String domain, Codec<T> codec, int limit) {
    return codec(domain, codec, limit, 0);
  }

  /**
   * The same, for messages that come again and again: so many of the latest are remembered, and the
   * same bytes need no second check. What is handed out then is the same object.
   */
  public static <T> Codec<Signed<T>> codec(
      String domain, Codec<T> codec, int limit, int remembered) {
    var verified = new Verified<T>(remembered);
    return new Codec<>() {
      @Override
      public void write(WireWriter out, Signed<T> message) {
        out.bytes(1, message.payload).bytes(2, message.signer.bytes()).bytes(3, message.signature);
      }

      @Override
      public Signed<T> read(WireReader in) {
        byte[] payload = {};
        byte[] signer = {};
        byte[] signature = {};
        while (in.next()) {
          switch (in.field()) {
            case 1 -> payload = in.bytes(limit);
            case 2 -> signer = in.exactly(PublicKey.BYTES);
            case 3 -> signature = in.exactly(PublicKey.SIGNATURE_BYTES);
            default -> in.skip();
          }
        }
        var known = verified.find(payload, signer, signature);
        if (known != null) {
          return known;
        }
        var key = PublicKey.of(signer);
        if (!key.verifies(covered(domain, payload), signature)) {
          throw new Fault(
              KernelCode.BAD_SIGNATURE,
              "the signature of " + key.nodeId().brief() + " for '" + domain + "' is wrong");
        }
        var message = new Signed<>(codec.decode(payload), payload, key, signature);
        verified.add(message);
        return message;
      }
    };
  }

  /** The latest messages whose signatures were found right, by their signatures. */
  private static final class Verified<T> {
    private final int capacity;
    private final LinkedHashMap<Bytes, Signed<T>> messages = new LinkedHashMap<>(16, 0.75f, true);

    Verified(int capacity) {
      this.capacity = capacity;
    }

    synchronized @Nullable Signed<T> find(byte[] payload, byte[] signer, byte[] signature) {
      var found = capacity == 0 ? null : messages.get(Bytes.of(signature));
      return found != null
              && Arrays.equals(found.payload, payload)
              && Arrays.equals(found.signer.bytes(), signer)
          ? found
          : null;
    }

    synchronized void add(Signed<T> message) {
      if (capacity > 0) {
        messages.put(Bytes.of(message.signature), message);
        if (messages.size() > capacity) {
          messages.pollFirstEntry();
        }
      }
    }
  }

  private static byte[] covered(String domain, byte[] payload) {
    byte[] prefix = domain.getBytes(StandardCharsets.UTF_8);
    byte[] bytes = Arrays.copyOf(prefix, prefix.length + 1 + payload.length);
    System.arraycopy(payload, 0, bytes, prefix.length + 1, payload.length);
    return bytes;
  }

  /** The message. */
  public T value() {
    return value;
  }

  /** The key that signed. */
  public PublicKey signer() {
    return signer;
  }

  /** A copy of the bytes that the signature covers, without the domain. */
  public byte[] payload() {
    return payload.clone();
  }

  /** How many bytes the payload has. */
  public int payloadSize() {
    return payload.length;
  }

  /** A copy of the signature. */
  public byte[] signature() {
    return signature.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Signed<?> that
        && signer.equals(that.signer)
        && Arrays.equals(payload, that.payload)
        && Arrays.equals(signature, that.signature);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(signature);
  }

  @Override
  public String toString() {
    return "Signed[" + value + " by " + signer.nodeId().brief() + "]";
  }
}
