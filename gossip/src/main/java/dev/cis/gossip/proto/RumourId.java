package dev.cis.gossip.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.NodeId;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The name of a rumour. Only the author can make one, for the author's signature covers the
 * sequence number.
 *
 * @param author who signed it
 * @param sequence microseconds since 1970 at publication, growing strictly for each author
 */
public record RumourId(NodeId author, long sequence) {
  /** Length of the binary form: the author, then the sequence number in big-endian order. */
  public static final int BYTES = NodeId.BYTES + 8;

  /** Checks the sequence number. */
  public RumourId {
    if (sequence <= 0) {
      throw new Fault(KernelCode.MALFORMED, "a rumour's sequence number is not above 0");
    }
  }

  /** Reads the binary form. */
  public static RumourId of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new Fault(KernelCode.MALFORMED, "a rumour id has 40 bytes, not " + bytes.length);
    }
    return new RumourId(
        NodeId.of(Arrays.copyOf(bytes, NodeId.BYTES)),
        ByteBuffer.wrap(bytes).getLong(NodeId.BYTES));
  }

  /** The binary form. */
  public byte[] bytes() {
    return ByteBuffer.allocate(BYTES).put(author.bytes()).putLong(sequence).array();
  }

  /** When the author says that it was published. */
  public Instant published() {
    return Instant.EPOCH.plus(sequence, ChronoUnit.MICROS);
  }

  /** The sequence number of a rumour that is published at this instant. */
  public static long sequenceAt(Instant wall) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, wall);
  }

  /** 32 hexadecimal digits: half of them the start of the author, half the sequence number. */
  public String hex() {
    var hex = HexFormat.of();
    return hex.formatHex(author.bytes(), 0, 8) + hex.toHexDigits(sequence);
  }

  @Override
  public int hashCode() {
    return author.hashCode() * 31 + Long.hashCode(sequence);
  }
}
