package dev.cis.blobs;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * The manifest of a blob: its chunks in order. Lengths vary, so that chunks may be cut by content;
 * for now all but the last have {@link #CHUNK_BYTES}.
 *
 * @param digest of the whole blob
 * @param size of the whole blob in bytes
 * @param chunks in order; their lengths add up to the size
 */
record ChunkList(Digest digest, long size, List<Chunk> chunks) {
  /** Length of the chunks that this node cuts. */
  static final int CHUNK_BYTES = 256 * 1024;

  /** Longest chunk of anyone. */
  static final int MAX_CHUNK_BYTES = 1024 * 1024;

  /** Most chunks of a blob: 16 GiB in chunks of 256 KiB, twice over. */
  static final int MAX_CHUNKS = 128 * 1024;

  /** Largest encoding in bytes. */
  static final int MAX_ENCODED = 8 * 1024 * 1024;

  static final Codec<ChunkList> CODEC = new ListCodec();

  /**
   * One chunk.
   *
   * @param length in bytes, at least 1
   * @param digest of its bytes
   */
  record Chunk(int length, Digest digest) {}

  ChunkList {
    chunks = List.copyOf(chunks);
    long sum = 0;
    for (var chunk : chunks) {
      if (chunk.length < 1 || chunk.length > MAX_CHUNK_BYTES) {
        throw new Fault(KernelCode.MALFORMED, "a chunk of " + chunk.length + " bytes");
      }
      sum += chunk.length;
    }
    if (sum != size || size > Blobs.MAX_BYTES) {
      throw new Fault(
          KernelCode.MALFORMED, "chunks of " + sum + " bytes for a blob of " + size + " bytes");
    }
  }

  /** Where each chunk begins, and at last the size. */
  long[] offsets() {
    var offsets = new long[chunks.size() + 1];
    for (int i = 0; i < chunks.size(); i++) {
      offsets[i + 1] = offsets[i] + chunks.get(i).length;
    }
    return offsets;
  }

  /** The digest of the list itself; two lists with one id are the same. */
  Digest id() {
    return Digest.ofBytes(CODEC.encode(this));
  }

  private static final class ListCodec implements Codec<ChunkList> {
    private static final Codec<Chunk> CHUNK =
        new Codec<>() {
          @Override
          public void write(WireWriter out, Chunk chunk) {
            out.uint(1, chunk.length).bytes(2, chunk.digest.bytes());
          }

          @Override
          public Chunk read(WireReader in) {
            int length = 0;
            byte[] digest = {};
            while (in.next()) {
              switch (in.field()) {
                case 1 -> length = in.uint(MAX_CHUNK_BYTES);
                case 2 -> digest = in.exactly(Digest.BYTES);
                default -> in.skip();
              }
            }
            return new Chunk(length, Digest.of(digest));
          }
        };

    @Override
    public void write(WireWriter out, ChunkList list) {
      out.bytes(1, list.digest.bytes()).uint(2, list.size).messages(3, CHUNK, list.chunks);
    }

    @Override
    public ChunkList read(WireReader in) {
      byte[] digest = {};
      long size = 0;
      var chunks = new ArrayList<Chunk>();
      while (in.next()) {
        switch (in.field()) {
          case 1 -> digest = in.exactly(Digest.BYTES);
          case 2 -> size = in.uint(Blobs.MAX_BYTES);
          case 3 -> {
            if (chunks.size() == MAX_CHUNKS) {
              throw new Fault(KernelCode.TOO_LARGE, "more than " + MAX_CHUNKS + " chunks");
            }
            chunks.add(in.message(CHUNK, 64));
          }
          default -> in.skip();
        }
      }
      return new ChunkList(Digest.of(digest), size, chunks);
    }
  }
}
