package dev.cis.transport.realm;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.time.Instant;

/**
 * What whoever was invited may become, signed by an admin.
 *
 * @param realm the realm's id
 * @param role member or admin
 * @param expiry after which it says nothing any more
 * @param serial 16 random bytes: a grant of admin is taken once
 */
public record Grant(String realm, Role role, Instant expiry, Bytes serial) {
  /** Signature domain. */
  public static final String DOMAIN = "cis-realm-grant/1";

  static final int SERIAL_BYTES = 16;
  static final int MAX_BYTES = 128;
  static final int MAX_SIGNED_BYTES = MAX_BYTES + 128;

  static final Codec<Grant> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Grant grant) {
          out.string(1, grant.realm).bool(2, grant.role == Role.ADMIN);
          out.uint(3, grant.expiry.toEpochMilli()).bytes(4, grant.serial.toByteArray());
        }

        @Override
        public Grant read(WireReader in) {
          var realm = "";
          boolean admin = false;
          long expiry = 0;
          var serial = Bytes.EMPTY;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> realm = in.string(2 * Charter.ID_BYTES);
              case 2 -> admin = in.bool();
              case 3 -> expiry = in.uint(Long.MAX_VALUE);
              case 4 -> serial = Bytes.of(in.exactly(SERIAL_BYTES));
              default -> in.skip();
            }
          }
          return new Grant(
              realm, admin ? Role.ADMIN : Role.MEMBER, Instant.ofEpochMilli(expiry), serial);
        }
      };

  static final Codec<Signed<Grant>> SIGNED = Signed.codec(DOMAIN, CODEC, MAX_BYTES);

  /** Checks the parts. */
  public Grant {
    if (role == Role.FOUNDER || serial.size() != SERIAL_BYTES) {
      throw new Fault(RealmCode.BAD_INVITATION, "a grant of an impossible role");
    }
  }

  Signed<Grant> sign(KeyPair admin) {
    return Signed.sign(admin, DOMAIN, CODEC, this);
  }
}
