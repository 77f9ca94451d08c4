package dev.cis.sim;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Codec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;

/**
 * Feeds decoders with damaged frames: valid ones with flipped bits, cut, stretched, spliced with
 * one another, and with lengths that lie. A decoder may read them or throw a {@link Fault};
 * anything else fails with the frame and the seed. Runs end at a number of frames or after a time,
 * whichever is first, so that a slow machine tests less and waits no longer.
 */
public final class Mutations {
  private static final int MOST_CHANGES = 5;
  private static final int MOST_INSERTED = 16;
  private static final int LONGEST = 1 << 16;
  private static final int CLOCK_EVERY = 256;
  // Values at the borders of varints, of signs and of field types.
  private static final byte[] BORDERS = {0, 1, 2, 5, 7, 0x7E, 0x7F, (byte) 0x80, -2, -1};

  private final List<byte[]> frames;
  private final long seed;
  private final SplittableRandom random;

  private Mutations(Collection<byte[]> frames, long seed) {
    this.frames = List.copyOf(frames);
    this.seed = seed;
    this.random = new SplittableRandom(seed);
    if (frames.isEmpty()) {
      throw new IllegalArgumentException("nothing to mutate");
    }
  }

  /** Mutations of valid frames; the same seed gives the same ones in the same order. */
  public static Mutations of(Collection<byte[]> frames, long seed) {
    return new Mutations(frames, seed);
  }

  /**
   * What came of a run.
   *
   * @param frames how many damaged frames there were
   * @param read how often one of them was read and not refused
   */
  public record Outcome(long frames, long read) {}

  /**
   * Gives up to {@code count} damaged frames to every codec, for no longer than {@code within}.
   * What a codec reads it must also be able to write.
   *
   * @throws AssertionError with the hexadecimal frame and the seed if a codec throws anything but a
   *     {@link Fault} when it reads, or anything at all when it writes
   */
  public Outcome decode(long count, Duration within, Collection<? extends Codec<?>> codecs) {
    var decoders = new ArrayList<Consumer<byte[]>>();
    codecs.forEach(codec -> decoders.add(frame -> readAndWrite(codec, frame)));
    return run(count, within, decoders);
  }

  private static <T> void readAndWrite(Codec<T> codec, byte[] frame) {
    T read = codec.decode(frame);
    try {
      Objects.requireNonNull(codec.encode(read));
    } catch (Fault e) {
      throw new IllegalStateException("what was read cannot be written: " + read, e);
    }
  }

  /** The same with any decoders. */
  public Outcome run(long count, Duration within, List<Consumer<byte[]>> decoders) {
    // On a thread of its own: most of the time goes into stack traces, and there they are short.
    var task = new FutureTask<>(() -> runHere(count, within, decoders));
    Thread.ofPlatform().name("mutations").start(task);
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw new AssertionError(String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  private Outcome runHere(long count, Duration within, List<Consumer<byte[]>> decoders) {
    long start = System.nanoTime();
    long done = 0;
    long read = 0;
    while (done < count
        && (done % CLOCK_EVERY != 0 || System.nanoTime() - start < within.toNanos())) {
      byte[] frame = next();
      done++;
      for (var decoder : decoders) {
        try {
          decoder.accept(frame.clone());
          read++;
        } catch (Fault refused) {
          // What a decoder may do.
        } catch (RuntimeException | Error e) {
          throw new AssertionError(
              "frame " + done + " of seed " + seed + ": " + hex(frame) + ": " + e, e);
        }
      }
    }
    return new Outcome(done, read);
  }

  private static String hex(byte[] frame) {
    return HexFormat.of().formatHex(frame);
  }

  /** The next damaged frame. */
  public byte[] next() {
    byte[] bytes = any().clone();
    for (int i = 1 + random.nextInt(MOST_CHANGES); i > 0; i--) {
      bytes = changed(bytes);
    }
    return bytes.length > LONGEST ? Arrays.copyOf(bytes, LONGEST) : bytes;
  }

  private byte[] any() {
    return frames.get(random.nextInt(frames.size()));
  }

  private byte[] changed(byte[] bytes) {
    if (bytes.length == 0) {
      return inserted(bytes);
    }
    int at = random.nextInt(bytes.length);
    return switch (random.nextInt(10)) {
      case 0 -> Arrays.copyOf(bytes, at);
      case 1 -> inserted(bytes);
      case 2 ->
          replaced(bytes, at, random.nextInt(Math.min(8, bytes.length - at) + 1), new byte[0]);
      case 3 -> spliced(bytes, at);
      case 4 -> replaced(bytes, at, 1, varint());
      case 5, 6 -> {
        bytes[at] = BORDERS[random.nextInt(BORDERS.length)];
        yield bytes;
      }
      case 7 -> {
        // A length or a number that is a little off.
        bytes[at] += (byte) (random.nextBoolean() ? 1 : -1);
        yield bytes;
      }
      default -> {
        bytes[at] ^= (byte) (1 << random.nextInt(8));
        yield bytes;
      }
    };
  }

  private byte[] inserted(byte[] bytes) {
    byte[] more = new byte[1 + random.nextInt(MOST_INSERTED)];
    random.nextBytes(more);
    return replaced(bytes, random.nextInt(bytes.length + 1), 0, more);
  }

  /** A part of one frame, which may be a whole field, in the midst of another. */
  private byte[] spliced(byte[] bytes, int at) {
    byte[] other = any();
    int from = random.nextInt(other.length + 1);
    int to = from + random.nextInt(other.length - from + 1);
    int gone = random.nextBoolean() ? 0 : random.nextInt(bytes.length - at + 1);
    return replaced(bytes, at, gone, Arrays.copyOfRange(other, from, to));
  }

  /** A number of up to 70 bits, as lengths are written. */
  private byte[] varint() {
    byte[] varint = new byte[1 + random.nextInt(10)];
    random.nextBytes(varint);
    for (int i = 0; i < varint.length - 1; i++) {
      varint[i] |= (byte) 0x80;
    }
    varint[varint.length - 1] &= 0x7F;
    return varint;
  }

  private static byte[] replaced(byte[] bytes, int at, int gone, byte[] by) {
    byte[] whole = new byte[bytes.length - gone + by.length];
    System.arraycopy(bytes, 0, whole, 0, at);
    System.arraycopy(by, 0, whole, at, by.length);
    System.arraycopy(bytes, at + gone, whole, at + by.length, bytes.length - at - gone);
    return whole;
  }
}
