package dev.cis.sim;

import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Inputs that once reached a new place in a decoder: one text file per decoder, one input in
 * hexadecimal per line, {@code #} begins a comment. {@code lab/fuzz} grows the files; tests replay
 * them, so that what a fuzzer found once stays tested without one.
 */
public final class Corpus {
  private final Map<String, List<byte[]>> inputs;

  private Corpus(Map<String, List<byte[]>> inputs) {
    this.inputs = inputs;
  }

  /** Reads every {@code NAME.txt} of a directory. */
  public static Corpus read(Path directory) {
    var inputs = new TreeMap<String, List<byte[]>>();
    try (var files = Files.newDirectoryStream(directory, "*.txt")) {
      for (var file : files) {
        var name = file.getFileName().toString();
        inputs.put(name.substring(0, name.length() - ".txt".length()), lines(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Corpus(inputs);
  }

  private static List<byte[]> lines(Path file) throws IOException {
    var read = new ArrayList<byte[]>();
    for (var line : Files.readAllLines(file)) {
      if (!line.startsWith("#")) {
        read.add(HexFormat.of().parseHex(line.strip()));
      }
    }
    return read;
  }

  /** The inputs of one decoder, which may be none. */
  public List<byte[]> inputs(String decoder) {
    return inputs.getOrDefault(decoder, List.of());
  }

  /**
   * What came of a replay.
   *
   * @param inputs how many there were
   * @param read how many of them were read and not refused
   */
  public record Outcome(int inputs, int read) {}

  /**
   * Gives every input to its decoder.
   *
   * @throws AssertionError if a decoder throws anything but a {@link Fault}, a decoder has no file,
   *     or a file no decoder
   */
  public Outcome replay(Decoders targets) {
    var decoders = new TreeMap<>(targets.decoders());
    if (!decoders.keySet().equals(inputs.keySet())) {
      var all = new TreeSet<>(decoders.keySet());
      all.addAll(inputs.keySet());
      all.removeIf(name -> decoders.containsKey(name) && inputs.containsKey(name));
      throw new AssertionError("not both a decoder and a corpus file: " + all);
    }
    int given = 0;
    int read = 0;
    for (var decoder : decoders.entrySet()) {
      for (byte[] input : inputs(decoder.getKey())) {
        given++;
        read += accepts(decoder.getKey(), decoder.getValue(), input) ? 1 : 0;
      }
    }
    return new Outcome(given, read);
  }

  private static boolean accepts(String name, Consumer<byte[]> decoder, byte[] input) {
    try {
      decoder.accept(input.clone());
      return true;
    } catch (Fault refused) {
      return false;
    } catch (RuntimeException | Error e) {
      throw new AssertionError(name + " on " + HexFormat.of().formatHex(input) + ": " + e, e);
    }
  }
}
