package dev.cis.kernel.identity;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * The name of a node: SHA-256 of its raw 32-byte Ed25519 public key. As text, 52 characters of
 * lower-case base32 (RFC 4648 section 6) without padding. Ordered as an unsigned big-endian number.
 */
public final class NodeId implements Comparable<NodeId> {
  /** Length in bytes. */
  public static final int BYTES = 32;

  /** Length of the text form. */
  public static final int TEXT_LENGTH = 52;

  private final byte[] bytes;

  /** The first eight bytes: enough to tell nearly all ids apart, and at hand without a detour. */
  private final long head;

  private NodeId(byte[] bytes) {
    this.bytes = bytes;
    this.head = ByteBuffer.wrap(bytes).getLong();
  }

  /** The id with these 32 bytes. */
  public static NodeId of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new Fault(KernelCode.BAD_IDENTITY, "a NodeId has 32 bytes, not " + bytes.length);
    }
    return new NodeId(bytes.clone());
  }

  /** The id of the node with this public key. */
  public static NodeId of(PublicKey key) {
    try {
      return new NodeId(MessageDigest.getInstance("SHA-256").digest(key.bytes()));
    } catch (NoSuchAlgorithmException e) {
      throw new Fault(KernelCode.DEFECT, "this Java has no SHA-256", e);
    }
  }

  /** Reads the text form. */
  public static NodeId parse(String text) {
    if (text.length() != TEXT_LENGTH) {
      throw new Fault(
          KernelCode.BAD_IDENTITY,
          "'" + Base32.printable(text) + "' is not a NodeId: it has 52 characters of a-z and 2-7");
    }
    return new NodeId(Base32.decode(text));
  }

  /** Whether the text has the form of a whole NodeId. */
  public static boolean isNodeId(String text) {
    return text.length() == TEXT_LENGTH && Base32.isBase32(text);
  }

  /** A copy of the 32 bytes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** The byte at an index from 0 (most significant) to 31, unsigned. */
  public int byteAt(int index) {
    return bytes[index] & 0xFF;
  }

  /** The first eight bytes as a big-endian number, to be read as unsigned. */
  public long head() {
    return head;
  }

  /** The first eight characters of the text form, for people. */
  public String brief() {
    return toString().substring(0, 8);
  }

  @Override
  public int compareTo(NodeId other) {
    int order = Long.compareUnsigned(head, other.head);
    return order != 0 ? order : Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof NodeId that && head == that.head && Arrays.equals(bytes, that.bytes));
  }

  @Override
  public int hashCode() {
    // The bytes are already a uniform hash.
    return (int) (head >>> 32);
  }

  /** The text form. */
  @Override
  public String toString() {
    return Base32.encode(bytes);
  }
}
