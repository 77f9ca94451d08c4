package dev.cis.blobs;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** A SHA-256 digest, 32 bytes. As text, 64 lower-case hexadecimal digits. */
public final class Digest {
  /** Length in bytes. */
  public static final int BYTES = 32;

  private final byte[] bytes;

  private Digest(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The digest with these 32 bytes. */
  public static Digest of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new Fault(KernelCode.MALFORMED, "a SHA-256 has 32 bytes, not " + bytes.length);
    }
    return new Digest(bytes.clone());
  }

  /** The digest of these bytes. */
  public static Digest ofBytes(byte[] content) {
    return new Digest(sha256().digest(content));
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new Fault(KernelCode.DEFECT, "this Java has no SHA-256", e);
    }
  }

  /** Reads the text form. */
  public static Digest parse(String hex) {
    try {
      return of(HexFormat.of().parseHex(hex));
    } catch (IllegalArgumentException e) {
      throw new Fault(KernelCode.MALFORMED, "a SHA-256 is written as 64 hexadecimal digits", e);
    }
  }

  /** A copy of the 32 bytes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Digest that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes);
  }
}
