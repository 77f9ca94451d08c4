package dev.cis.sync.proto;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.PublicKey;
import dev.cis.kernel.wire.Bytes;
import java.nio.charset.StandardCharsets;

/** Signs our entries and verifies others'. */
public interface Signatures {
  /** Signature domain of entries. */
  String DOMAIN = "cis-memory-entry/1";

  /** The key that goes with what we sign. */
  PublicKey key();

  /** Signs the encoding of a body. */
  Bytes sign(byte[] payload);

  /** Whether the entry's author signed exactly the bytes it carries. */
  boolean isGenuine(Entry entry);

  /** Ed25519 over {@code domain || 0x00 || payload}, as {@code kernel.identity.Signed} does. */
  static Signatures of(KeyPair pair) {
    return new Signatures() {
      @Override
      public PublicKey key() {
        return pair.publicKey();
      }

      @Override
      public Bytes sign(byte[] payload) {
        return Bytes.of(pair.sign(covered(payload)));
      }

      @Override
      public boolean isGenuine(Entry entry) {
        return entry.key().nodeId().equals(entry.body().author())
            && entry
                .key()
                .verifies(covered(entry.payload().toByteArray()), entry.signature().toByteArray());
      }
    };
  }

  /**
   * Signs nothing and believes everybody, for simulations in which nobody lies and speed counts.
   * The node may have any id.
   */
  static Signatures trusting(NodeId self) {
    var key = PublicKey.of(self.bytes());
    var signature = Bytes.of(new byte[PublicKey.SIGNATURE_BYTES]);
    return new Signatures() {
      @Override
      public PublicKey key() {
        return key;
      }

      @Override
      public Bytes sign(byte[] payload) {
        return signature;
      }

      @Override
      public boolean isGenuine(Entry entry) {
        return true;
      }
    };
  }

  private static byte[] covered(byte[] payload) {
    byte[] prefix = DOMAIN.getBytes(StandardCharsets.UTF_8);
    var bytes = new byte[prefix.length + 1 + payload.length];
    System.arraycopy(prefix, 0, bytes, 0, prefix.length);
    System.arraycopy(payload, 0, bytes, prefix.length + 1, payload.length);
    return bytes;
  }
}
