package dev.cis.node;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The identity as PEM with PKCS #8 (RFC 7468 section 10, RFC 8410 section 7), so that {@code
 * openssl pkey -in identity.key} reads it too.
 */
final class IdentityFile {
  /** Everything that stands before the seed in the DER form of an Ed25519 key. */
  private static final byte[] DER_PREFIX =
      HexFormat.of().parseHex("302e020100300506032b657004220420");

  private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
  private static final String END = "-----END PRIVATE KEY-----";

  private IdentityFile() {}

  static String format(KeyPair key) {
    byte[] seed = key.seed();
    byte[] der = Arrays.copyOf(DER_PREFIX, DER_PREFIX.length + seed.length);
    System.arraycopy(seed, 0, der, DER_PREFIX.length, seed.length);
    return BEGIN + "\n" + Base64.getEncoder().encodeToString(der) + "\n" + END + "\n";
  }

  static KeyPair parse(Path file, String text) {
    var body = text.strip();
    if (!body.startsWith(BEGIN) || !body.endsWith(END)) {
      throw damaged(file, null);
    }
    try {
      byte[] der =
          Base64.getDecoder()
              .decode(
                  body.substring(BEGIN.length(), body.length() - END.length())
                      .replaceAll("\\s", ""));
      if (der.length != DER_PREFIX.length + KeyPair.SEED_BYTES
          || !Arrays.equals(DER_PREFIX, Arrays.copyOf(der, DER_PREFIX.length))) {
        throw damaged(file, null);
      }
      return KeyPair.ofSeed(Arrays.copyOfRange(der, DER_PREFIX.length, der.length));
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw damaged(file, e);
    }
  }

  static Fault damaged(Path file, @Nullable Throwable cause) {
    return new Fault(
        NodeCode.CORRUPT_KEY,
        file
            + " is not an Ed25519 private key: restore it from a backup, or move it away and run"
            + " 'cis init' for a new identity",
        cause);
  }
}
