package dev.cis.transport.realm;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.time.Instant;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * One key of a realm.
 *
 * @param epoch counts the keys of a realm, from 1
 * @param key 32 random bytes
 * @param until when it is dropped, null for the newest
 * @param suspectSince when somebody who knows it was revoked, null if nobody was; from then on it
 *     is good only for nodes that were known before
 */
public record RealmKey(
    long epoch, Bytes key, @Nullable Instant until, @Nullable Instant suspectSince) {
  /** Length in bytes. */
  public static final int BYTES = 32;

  static final int MAX_ENCODED = 96;

  static final Codec<RealmKey> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, RealmKey key) {
          out.uint(1, key.epoch).bytes(2, key.key.toByteArray());
          out.uint(3, millis(key.until)).uint(4, millis(key.suspectSince));
        }

        @Override
        public RealmKey read(WireReader in) {
          long epoch = 0;
          var key = Bytes.EMPTY;
          long until = 0;
          long suspect = 0;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> epoch = in.uint(Long.MAX_VALUE);
              case 2 -> key = Bytes.of(in.exactly(BYTES));
              case 3 -> until = in.uint(Long.MAX_VALUE);
              case 4 -> suspect = in.uint(Long.MAX_VALUE);
              default -> in.skip();
            }
          }
          return new RealmKey(epoch, key, instant(until), instant(suspect));
        }
      };

  /** Checks the parts. */
  public RealmKey {
    if (key.size() != BYTES || epoch < 1) {
      throw new Fault(RealmCode.BAD_DOCUMENT, "a key of a realm has 32 bytes and an epoch");
    }
  }

  static RealmKey fresh(long epoch, Random random) {
    var bytes = new byte[BYTES];
    random.nextBytes(bytes);
    return new RealmKey(epoch, Bytes.of(bytes), null, null);
  }

  /** The same as an older key, dropped at that time or earlier. */
  RealmKey retired(Instant at) {
    return new RealmKey(epoch, key, until == null || at.isBefore(until) ? at : until, suspectSince);
  }

  /** The same, known to a revoked node. */
  RealmKey suspect(Instant since) {
    return new RealmKey(epoch, key, until, suspectSince == null ? since : suspectSince);
  }

  boolean isGood(Instant now) {
    return until == null || now.isBefore(until);
  }

  private static long millis(@Nullable Instant instant) {
    return instant == null ? 0 : instant.toEpochMilli();
  }

  private static @Nullable Instant instant(long millis) {
    return millis == 0 ? null : Instant.ofEpochMilli(millis);
  }

  /** Never the key itself. */
  @Override
  public String toString() {
    return "RealmKey[" + epoch + "]";
  }
}
