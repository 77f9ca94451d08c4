package dev.cis.blobs;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;

/**
 * A blob on its way, in {@code partial/<digest>.data} beside its chunk list. Which chunks are there
 * is not written down: whoever takes the transfer up again hashes what is on disk, so neither a
 * crash nor a damaged disk can make a bad chunk count.
 */
final class Partial implements AutoCloseable {
  private final BlobStore store;
  private final ChunkList list;
  private final long[] offsets;
  private final FileChannel data;
  private final BitSet here = new BitSet();
  private long bytesHere;

  private Partial(BlobStore store, ChunkList list, FileChannel data) {
    this.store = store;
    this.list = list;
    this.offsets = list.offsets();
    this.data = data;
  }

  /** Begins with this list, or goes on with what is on disk of it. */
  static Partial open(BlobStore store, ChunkList list) {
    var file = store.partialData(list.digest());
    try {
      store.writeDurably(store.partialList(list.digest()), ChunkList.CODEC.encode(list));
      var data =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      try {
        var partial = new Partial(store, list, data);
        partial.check();
        store.needRoom(list.size() - partial.bytesHere);
        return partial;
      } catch (IOException | RuntimeException e) {
        data.close();
        throw e;
      }
    } catch (IOException e) {
      throw BlobStore.failed("write", file, e);
    }
  }

  private void check() throws IOException {
    if (data.size() > list.size()) {
      data.truncate(list.size());
    }
    for (int i = 0; i < list.chunks().size() && offsets[i + 1] <= data.size(); i++) {
      var bytes = new byte[list.chunks().get(i).length()];
      if (BlobServer.fill(data, bytes, offsets[i]) && isGood(i, bytes)) {
        note(i);
      }
    }
  }

  private void note(int chunk) {
    if (!here.get(chunk)) {
      here.set(chunk);
      bytesHere += list.chunks().get(chunk).length();
    }
  }

  ChunkList list() {
    return list;
  }

  long bytesHere() {
    return bytesHere;
  }

  boolean isComplete() {
    return here.cardinality() == list.chunks().size();
  }

  long offset(int chunk) {
    return offsets[chunk];
  }

  /** The first chunk at or behind this one that is not here, or the number of chunks. */
  int nextMissing(int from) {
    return Math.min(here.nextClearBit(from), list.chunks().size());
  }

  /** The end of a run of missing chunks that begins here and has at most that many bytes. */
  int endOfRun(int first, int maxBytes) {
    int end = first + 1;
    while (end < list.chunks().size()
        && !here.get(end)
        && offsets[end + 1] - offsets[first] <= maxBytes) {
      end++;
    }
    return end;
  }

  boolean isGood(int chunk, byte[] bytes) {
    return Digest.ofBytes(bytes).equals(list.chunks().get(chunk).digest());
  }

  /** Writes a chunk that is good. */
  void write(int chunk, byte[] bytes) {
    try {
      var buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        data.write(buffer, offsets[chunk] + buffer.position());
      }
      note(chunk);
    } catch (IOException e) {
      throw BlobStore.failed("write", store.partialData(list.digest()), e);
    }
  }

  /** Hashes the whole; if it has its digest, it is put on disk and gets its name. */
  boolean publish() {
    var file = store.partialData(list.digest());
    try {
      var whole = Digest.sha256();
      for (int i = 0; i < list.chunks().size(); i++) {
        var bytes = new byte[list.chunks().get(i).length()];
        if (!BlobServer.fill(data, bytes, offsets[i])) {
          throw new Fault(KernelCode.DEFECT, file + " lost bytes while it was written");
        }
        whole.update(bytes);
      }
      if (!Digest.of(whole.digest()).equals(list.digest())) {
        return false;
      }
      data.force(true);
      store.publish(file, list);
      store.dropPartial(list.digest());
      return true;
    } catch (IOException e) {
      throw BlobStore.failed("write", file, e);
    }
  }

  @Override
  public void close() {
    try {
      data.close();
    } catch (IOException e) {
      throw BlobStore.failed("close", store.partialData(list.digest()), e);
    }
  }
}
