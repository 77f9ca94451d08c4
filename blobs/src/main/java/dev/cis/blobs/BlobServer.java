package dev.cis.blobs;

import dev.cis.blobs.BlobMessage.Answer;
import dev.cis.blobs.BlobMessage.Outcome;
import dev.cis.blobs.BlobMessage.Request;
import dev.cis.kernel.fault.Fault;
import dev.cis.transport.Stream;
import dev.cis.transport.StreamHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers peers that ask for blobs. Every chunk is verified each time before it is sent. */
final class BlobServer implements StreamHandler {
  private static final Logger LOG = LoggerFactory.getLogger(BlobServer.class);

  private final BlobStore store;
  private final BlobsConfig config;
  private final Semaphore places;

  BlobServer(BlobStore store, BlobsConfig config) {
    this.store = store;
    this.config = config;
    this.places = new Semaphore(config.maxServed());
  }

  @Override
  public void serve(Stream stream) {
    if (!places.tryAcquire()) {
      stream.deadline(config.answerWithin());
      byte[] _ = stream.receive(BlobMessage.MAX_REQUEST);
      answer(stream, Answer.of(Outcome.BUSY));
      return;
    }
    try {
      Optional<ChunkList> last = Optional.empty();
      while (true) {
        stream.deadline(config.answerWithin().multipliedBy(2));
        byte[] message = stream.receive(BlobMessage.MAX_REQUEST);
        if (message == null) {
          return;
        }
        var request = Request.CODEC.decode(message);
        if (last.filter(list -> list.digest().equals(request.digest())).isEmpty()) {
          last = store.chunks(request.digest());
        }
        if (last.isEmpty() || store.find(request.digest()).isEmpty()) {
          last = Optional.empty();
          answer(stream, Answer.of(Outcome.ABSENT));
          continue;
        }
        answer(stream, request, last.get());
      }
    } finally {
      places.release();
    }
  }

  private void answer(Stream stream, Request request, ChunkList list) {
    switch (request.wish()) {
      case HAVE ->
          answer(
              stream,
              new Answer(Outcome.OK, list.size(), Optional.of(list.id()), Optional.empty(), 0));
      case MANIFEST ->
          answer(
              stream,
              new Answer(Outcome.OK, list.size(), Optional.of(list.id()), Optional.of(list), 0));
      case CHUNKS -> {
        var bytes = verified(request, list);
        if (bytes.isEmpty()) {
          answer(stream, Answer.of(Outcome.CORRUPT));
          return;
        }
        var raw = bytes.get();
        answer(
            stream,
            new Answer(
                Outcome.OK, list.size(), Optional.empty(), Optional.empty(), raw.remaining()));
        stream.write(raw);
      }
    }
  }

  private static void answer(Stream stream, Answer answer) {
    stream.send(Answer.CODEC.encode(answer));
  }

  /** The bytes of the range, out of whole chunks that have their digests; empty if one has not. */
  private Optional<ByteBuffer> verified(Request request, ChunkList list) {
    long from = Math.min(request.offset(), list.size());
    long to = Math.min(from + request.length(), list.size());
    var offsets = list.offsets();
    int found = Arrays.binarySearch(offsets, from);
    int first = found >= 0 ? found : -found - 2;
    var range = ByteBuffer.allocate((int) (to - from));
    var file = store.blob(request.digest());
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      for (int i = first; range.hasRemaining(); i++) {
        var chunk = list.chunks().get(i);
        var bytes = new byte[chunk.length()];
        if (!fill(channel, bytes, offsets[i]) || !Digest.ofBytes(bytes).equals(chunk.digest())) {
          LOG.error("event=blob-corrupt digest={} chunk={} action=set-aside", request.digest(), i);
          store.setAside(request.digest());
          return Optional.empty();
        }
        int start = (int) Math.max(0, from - offsets[i]);
        int end = (int) Math.min(bytes.length, to - offsets[i]);
        range.put(bytes, start, end - start);
      }
      return Optional.of(range.flip());
    } catch (NoSuchFileException e) {
      return Optional.empty(); // removed in this moment
    } catch (IOException e) {
      throw BlobStore.failed("read", file, e);
    }
  }

  /** Reads all of the bytes from a place; false when the file ends before. */
  static boolean fill(FileChannel channel, byte[] bytes, long offset) throws IOException {
    var buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, offset + buffer.position()) < 0) {
        return false;
      }
    }
    return true;
  }

  /** Says that a stream ended badly, and why; nothing to be done about it here. */
  static String reason(Fault fault) {
    return fault.code().text() + ": " + fault.getMessage();
  }
}
