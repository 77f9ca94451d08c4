package dev.cis.sim;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Codec;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * The decoders of one room, as targets for a fuzzer. Every room has one implementation among its
 * tests, with a public constructor; {@code lab/fuzz} and {@link Corpus} find the decoders there.
 */
public interface Decoders {
  /**
   * Decoders by name. Each may return or throw {@link dev.cis.kernel.fault.Fault}; anything else
   * that it throws is a defect. A decoder that also knows how to write what it has read should do
   * so, since what was read must be writable.
   */
  Map<String, Consumer<byte[]>> decoders();

  /** Reads, and writes what it has read. */
  static <T> Consumer<byte[]> of(Codec<T> codec) {
    return input -> {
      T read = codec.decode(input);
      try {
        Objects.requireNonNull(codec.encode(read));
      } catch (Fault e) {
        throw new IllegalStateException("what was read cannot be written: " + read, e);
      }
    };
  }

  /** Reads text, as UTF-8. */
  static Consumer<byte[]> ofText(Consumer<String> parser) {
    return input -> parser.accept(new String(input, StandardCharsets.UTF_8));
  }
}
