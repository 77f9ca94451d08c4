package dev.cis.node;

import dev.cis.sim.Decoders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.function.Consumer;

/** What a fuzzer and the corpus give bytes to. */
public final class FuzzTargets implements Decoders {
  @Override
  public Map<String, Consumer<byte[]>> decoders() {
    return Map.ofEntries(
        Map.entry("config-file", FuzzTargets::configure),
        Map.entry("facts", Decoders.ofText(NodeFacts::parse)));
  }

  private static void configure(byte[] bytes) {
    try {
      var file = Files.createTempFile("fuzz", ".toml");
      try {
        Files.write(file, bytes);
        var _ = Settings.read(file, Map.of(), Map.of()).config();
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
