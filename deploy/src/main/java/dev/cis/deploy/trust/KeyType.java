package dev.cis.deploy.trust;

import dev.cis.kernel.fault.Fault;
import java.util.Arrays;
import java.util.stream.Collectors;

/** What sort of key a publisher has. */
public enum KeyType {
  /** RFC 8032; the default. */
  ED25519("ed25519", "ed25519", 64),
  /** RSASSA-PSS (RFC 8017 section 8.1) with SHA-256, 2048 bits. */
  RSA2048("rsa2048", "rsa-pss-sha256", 256),
  /** RSASSA-PSS with SHA-256, 4096 bits. */
  RSA4096("rsa4096", "rsa-pss-sha256", 512);

  private final String text;
  private final String algorithm;
  private final int signatureBytes;

  KeyType(String text, String algorithm, int signatureBytes) {
    this.text = text;
    this.algorithm = algorithm;
    this.signatureBytes = signatureBytes;
  }

  /** Reads the word a user writes. */
  public static KeyType parse(String text) {
    return Arrays.stream(values())
        .filter(type -> type.text.equals(text))
        .findFirst()
        .orElseThrow(() ->
            new Fault(
                TrustCode.BAD_KEY,
                "'"
                    + Keys.printable(text)
                    + "' is no key type: "
                    + Arrays.stream(values())
                        .map(KeyType::text)
                        .collect(Collectors.joining(", "))));
  }

  /** The word a user writes: {@code ed25519}, {@code rsa2048}, {@code rsa4096}. */
  public String text() {
    return text;
  }

  /** The name of the signature algorithm in a package's envelope. */
  public String algorithm() {
    return algorithm;
  }

  /** Length of a signature in bytes. */
  public int signatureBytes() {
    return signatureBytes;
  }

  @Override
  public String toString() {
    return text;
  }
}
