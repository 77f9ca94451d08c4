package dev.cis.dht.proto;

import dev.cis.dht.DhtCode;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.PublicKey;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;

/**
 * A value that its author can change (BEP 44, "mutable items"). Whoever holds it verifies that the
 * author signed it; its place follows from the author's key and the salt.
 *
 * @param salt what tells several values of one author apart, at most 64 bytes, may be empty
 * @param sequence of several values the highest counts; 1 or more
 * @param value at most 1,000 bytes
 */
public record MutableValue(Bytes salt, long sequence, Bytes value) {
  /** Most bytes of a salt. */
  public static final int MAX_SALT = 64;

  /** Signature domain. */
  public static final String DOMAIN = "cis-dht-value/1";

  /** Largest encoding in bytes. */
  static final int MAX_BYTES = Item.MAX_VALUE + MAX_SALT + 32;

  /** Largest encoding of the signed message in bytes. */
  static final int MAX_SIGNED_BYTES = MAX_BYTES + 128;

  private static final int REMEMBERED = 1024;

  /** The unsigned message. */
  static final Codec<MutableValue> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, MutableValue value) {
          out.bytes(1, value.salt.toByteArray())
              .uint(2, value.sequence)
              .bytes(3, value.value.toByteArray());
        }

        @Override
        public MutableValue read(WireReader in) {
          var salt = Bytes.EMPTY;
          long sequence = 0;
          var value = Bytes.EMPTY;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> salt = Bytes.of(in.bytes(MAX_SALT));
              case 2 -> sequence = in.uint(Long.MAX_VALUE);
              case 3 -> value = Bytes.of(in.bytes(Item.MAX_VALUE));
              default -> in.skip();
            }
          }
          return new MutableValue(salt, sequence, value);
        }
      };

  /** The signed message; anybody may sign, for the signer is part of its place. */
  public static final Codec<Signed<MutableValue>> SIGNED =
      Signed.codec(DOMAIN, CODEC, MAX_BYTES, REMEMBERED);

  /** Checks the sizes. */
  public MutableValue {
    if (sequence < 1) {
      throw new Fault(DhtCode.BAD_RECORD, "a sequence is 1 or more, not " + sequence);
    }
    atMost("a salt", salt, MAX_SALT);
    atMost("a value", value, Item.MAX_VALUE);
  }

  static void atMost(String what, Bytes bytes, int limit) {
    if (bytes.size() > limit) {
      throw new Fault(DhtCode.TOO_LARGE, what + " of " + bytes.size() + " bytes, limit " + limit);
    }
  }

  /** Signs it. */
  public Signed<MutableValue> sign(KeyPair author) {
    return Signed.sign(author, DOMAIN, CODEC, this);
  }

  /** Where values of an author and a salt are: SHA-256 of the public key and the salt. */
  public static NodeId key(PublicKey author, Bytes salt) {
    return Item.hash(author.bytes(), salt.toByteArray());
  }
}
