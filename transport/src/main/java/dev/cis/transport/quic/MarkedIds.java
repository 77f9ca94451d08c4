package dev.cis.transport.quic;

import io.netty.handler.codec.quic.QuicConnectionIdGenerator;
import java.nio.ByteBuffer;

/**
 * Ids of accepted connections that tell in their lowest bit whether the peer has a virtual address.
 * A packet that comes directly from a peer of both kinds is so told apart without a table.
 */
final class MarkedIds implements QuicConnectionIdGenerator {
  private final QuicConnectionIdGenerator ids = QuicConnectionIdGenerator.signGenerator();
  private final boolean virtual;

  MarkedIds(boolean virtual) {
    this.virtual = virtual;
  }

  /** Whether an accepted connection with this id has a virtual peer. */
  static boolean isVirtual(ByteBuffer id) {
    return id.remaining() == Demultiplexer.ID_BYTES && (id.get(id.limit() - 1) & 1) != 0;
  }

  private ByteBuffer marked(ByteBuffer id) {
    var bytes = new byte[id.remaining()];
    id.get(bytes);
    int last = bytes.length - 1;
    bytes[last] = (byte) (virtual ? bytes[last] | 1 : bytes[last] & ~1);
    return ByteBuffer.wrap(bytes);
  }

  @Override
  public ByteBuffer newId(int length) {
    return marked(ids.newId(length));
  }

  @Override
  public ByteBuffer newId(ByteBuffer input, int length) {
    return marked(ids.newId(input, length));
  }

  @Override
  public ByteBuffer newId(ByteBuffer source, ByteBuffer destination, int length) {
    return marked(ids.newId(source, destination, length));
  }

  @Override
  public int maxConnectionIdLength() {
    return ids.maxConnectionIdLength();
  }

  @Override
  public boolean isIdempotent() {
    return ids.isIdempotent();
  }
}
