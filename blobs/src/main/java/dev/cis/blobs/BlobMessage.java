package dev.cis.blobs;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import dev.cis.transport.ProtocolId;
import java.util.Optional;

/**
 * What is said on a stream of {@code /cis/sys/blobs/1.0}: requests one way, one answer for each the
 * other way, in order. An answer to {@link Wish#CHUNKS} is followed by that many raw bytes.
 */
sealed interface BlobMessage {
  ProtocolId PROTOCOL = ProtocolId.parse("/cis/sys/blobs/1.0");

  /** Most bytes that one request may ask for. */
  int MAX_RANGE = 2 * 1024 * 1024;

  /** Largest request in bytes. */
  int MAX_REQUEST = 256;

  /** Largest answer in bytes. */
  int MAX_ANSWER = ChunkList.MAX_ENCODED + 256;

  /** What is asked for. */
  enum Wish {
    /** Whether the blob is there: size, and the id of its chunk list. */
    HAVE(1),
    /** The chunk list too. */
    MANIFEST(2),
    /** Bytes of the blob. */
    CHUNKS(3);

    private final int number;

    Wish(int number) {
      this.number = number;
    }
  }

  /** How it went. */
  enum Outcome {
    /** As asked. */
    OK(0),
    /** The blob is not here. */
    ABSENT(1),
    /** Too many ask. */
    BUSY(2),
    /** The blob is damaged and no longer offered. */
    CORRUPT(3);

    private final int number;

    Outcome(int number) {
      this.number = number;
    }
  }

  /**
   * A request.
   *
   * @param wish what for
   * @param digest of which blob
   * @param offset of the first byte, for {@link Wish#CHUNKS}
   * @param length of the range in bytes, for {@link Wish#CHUNKS}
   */
  record Request(Wish wish, Digest digest, long offset, int length) implements BlobMessage {
    static final Codec<Request> CODEC =
        new Codec<>() {
          @Override
          public void write(WireWriter out, Request request) {
            out.uint(1, request.wish.number)
                .bytes(2, request.digest.bytes())
                .uint(3, request.offset)
                .uint(4, request.length);
          }

          @Override
          public Request read(WireReader in) {
            int wish = 0;
            byte[] digest = {};
            long offset = 0;
            int length = 0;
            while (in.next()) {
              switch (in.field()) {
                case 1 -> wish = in.uint(255);
                case 2 -> digest = in.exactly(Digest.BYTES);
                case 3 -> offset = in.uint(Blobs.MAX_BYTES);
                case 4 -> length = in.uint(MAX_RANGE);
                default -> in.skip();
              }
            }
            return new Request(wish(wish), Digest.of(digest), offset, length);
          }
        };

    private static Wish wish(int number) {
      for (var wish : Wish.values()) {
        if (wish.number == number) {
          return wish;
        }
      }
      throw new Fault(KernelCode.MALFORMED, "blobs: request " + number + " is not known");
    }
  }

  /**
   * An answer.
   *
   * @param outcome how it went
   * @param size of the blob in bytes
   * @param listId id of the chunk list
   * @param list the chunk list, for {@link Wish#MANIFEST}
   * @param length raw bytes that follow, for {@link Wish#CHUNKS}
   */
  record Answer(
      Outcome outcome, long size, Optional<Digest> listId, Optional<ChunkList> list, int length)
      implements BlobMessage {
    static final Codec<Answer> CODEC =
        new Codec<>() {
          @Override
          public void write(WireWriter out, Answer answer) {
            out.uint(1, answer.outcome.number).uint(2, answer.size);
            answer.listId.ifPresent(id -> out.bytes(3, id.bytes()));
            answer.list.ifPresent(list -> out.message(4, ChunkList.CODEC, list));
            out.uint(5, answer.length);
          }

          @Override
          public Answer read(WireReader in) {
            int outcome = 0;
            long size = 0;
            Optional<Digest> listId = Optional.empty();
            Optional<ChunkList> list = Optional.empty();
            int length = 0;
            while (in.next()) {
              switch (in.field()) {
                case 1 -> outcome = in.uint(255);
                case 2 -> size = in.uint(Blobs.MAX_BYTES);
                case 3 -> listId = Optional.of(Digest.of(in.exactly(Digest.BYTES)));
                case 4 -> list = Optional.of(in.message(ChunkList.CODEC, ChunkList.MAX_ENCODED));
                case 5 -> length = in.uint(MAX_RANGE);
                default -> in.skip();
              }
            }
            return new Answer(outcome(outcome), size, listId, list, length);
          }
        };

    static Answer of(Outcome outcome) {
      return new Answer(outcome, 0, Optional.empty(), Optional.empty(), 0);
    }

    private static Outcome outcome(int number) {
      for (var outcome : Outcome.values()) {
        if (outcome.number == number) {
          return outcome;
        }
      }
      throw new Fault(KernelCode.MALFORMED, "blobs: outcome " + number + " is not known");
    }
  }
}
