package dev.cis.sync.proto;

import dev.cis.crdt.Dot;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.PublicKey;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * One public write with its author's signature, kept and forwarded exactly as it was signed.
 * Reading does not verify the signature: see {@link Signatures#isGenuine}.
 *
 * @param body what it says
 * @param payload the encoding of the body that was signed
 * @param key the author's key
 * @param signature the author's signature
 */
public record Entry(EntryBody body, Bytes payload, PublicKey key, Bytes signature) {
  /** Largest encoding in bytes. */
  public static final int MAX_BYTES = EntryBody.MAX_BYTES + 128;

  /** The message. */
  public static final Codec<Entry> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Entry entry) {
          out.bytes(1, entry.payload.toByteArray()).bytes(2, entry.key.bytes());
          out.bytes(3, entry.signature.toByteArray());
        }

        @Override
        public Entry read(WireReader in) {
          byte[] payload = {};
          byte[] key = {};
          byte[] signature = {};
          while (in.next()) {
            switch (in.field()) {
              case 1 -> payload = in.bytes(EntryBody.MAX_BYTES);
              case 2 -> key = in.exactly(PublicKey.BYTES);
              case 3 -> signature = in.exactly(PublicKey.SIGNATURE_BYTES);
              default -> in.skip();
            }
          }
          return Entry.of(payload, key, signature);
        }
      };

  /** The entry with these parts. */
  public static Entry of(byte[] payload, byte[] key, byte[] signature) {
    return new Entry(
        EntryBody.CODEC.decode(payload), Bytes.of(payload), PublicKey.of(key), Bytes.of(signature));
  }

  /** Signs a body. */
  public static Entry sign(EntryBody body, Signatures signatures) {
    byte[] payload = EntryBody.CODEC.encode(body);
    return new Entry(body, Bytes.of(payload), signatures.key(), signatures.sign(payload));
  }

  /** The name of the write. */
  public Dot dot() {
    return body.dot();
  }

  /** About how many bytes it takes in a message. */
  public int size() {
    return payload.size() + PublicKey.BYTES + PublicKey.SIGNATURE_BYTES + 16;
  }

  /**
   * Whether this write wins over another of the same key: by time, then author, then sequence, then
   * bytes, so that all nodes agree whatever an author does.
   */
  public boolean beats(Entry other) {
    int order = body.time().compareTo(other.body.time());
    if (order == 0) {
      order = body.author().compareTo(other.body.author());
    }
    if (order == 0) {
      order = Long.compare(body.sequence(), other.body.sequence());
    }
    if (order == 0) {
      order = payload.compareTo(other.payload);
    }
    return order > 0;
  }

  /** What this entry adds to the fingerprint of its range: 16 bytes of its payload's SHA-256. */
  public Fingerprint fingerprint() {
    var digest = ByteBuffer.wrap(sha256(payload.toByteArray()));
    return new Fingerprint(1, digest.getLong(), digest.getLong());
  }

  /** Where a key stands among all keys: the first 8 bytes of its SHA-256. */
  public static long position(String key) {
    return ByteBuffer.wrap(sha256(Bytes.utf8(key).toByteArray())).getLong();
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new Fault(KernelCode.DEFECT, "this Java has no SHA-256", e);
    }
  }
}
