package dev.cis.kernel.identity;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/** A raw 32-byte Ed25519 public key (RFC 8032 section 5.1.5). As text, 64 hexadecimal digits. */
public final class PublicKey {
  /** Length in bytes. */
  public static final int BYTES = Ed25519.PUBLIC_KEY_SIZE;

  /** Length of a signature in bytes. */
  public static final int SIGNATURE_BYTES = Ed25519.SIGNATURE_SIZE;

  private final byte[] bytes;

  private PublicKey(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The key with these 32 bytes. */
  public static PublicKey of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new Fault(
          KernelCode.BAD_IDENTITY, "an Ed25519 public key has 32 bytes, not " + bytes.length);
    }
    return new PublicKey(bytes.clone());
  }

  /** Reads the text form. */
  public static PublicKey parse(String hex) {
    try {
      return of(HexFormat.of().parseHex(hex));
    } catch (IllegalArgumentException e) {
      throw new Fault(
          KernelCode.BAD_IDENTITY,
          "'" + Base32.printable(hex) + "' is not a public key: it has 64 hexadecimal digits",
          e);
    }
  }

  /** Whether the signature over the message was made by this key's owner. Never throws. */
  public boolean verifies(byte[] message, byte[] signature) {
    if (signature.length != SIGNATURE_BYTES) {
      return false;
    }
    try {
      return new Ed25519PublicKeyParameters(bytes)
          .verify(Ed25519.Algorithm.Ed25519, null, message, 0, message.length, signature, 0);
    } catch (IllegalArgumentException e) {
      return false; // 32 bytes that are no point on the curve
    }
  }

  /** The node that has this key. */
  public NodeId nodeId() {
    return NodeId.of(this);
  }

  /** A copy of the 32 bytes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PublicKey that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** The text form. */
  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes);
  }
}
