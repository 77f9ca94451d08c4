package dev.cis.deploy.pack;

import dev.cis.kernel.wire.Bytes;
import dev.cis.sim.Decoders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;

/** What a fuzzer and the corpus give bytes to. */
public final class FuzzTargets implements Decoders {
  @Override
  public Map<String, Consumer<byte[]>> decoders() {
    return Map.ofEntries(
        Map.entry("manifest", bytes -> Manifest.parse(Bytes.of(bytes), "fuzz")),
        Map.entry("signature", bytes -> PackageSignature.parse(Bytes.of(bytes), "fuzz")),
        Map.entry("tar-header", FuzzTargets::header),
        Map.entry("package", FuzzTargets::unpack));
  }

  /** With its checksum set right, which no mutation would hit. */
  private static void header(byte[] bytes) {
    byte[] block = Arrays.copyOf(bytes, 512);
    Arrays.fill(block, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte b : block) {
      sum += b & 0xFF;
    }
    byte[] octal = String.format("%06o\0 ", sum).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(octal, 0, block, 148, 8);
    var _ = TarHeader.parse(block, "fuzz");
  }

  private static void unpack(byte[] bytes) {
    try {
      var file = Files.createTempFile("fuzz", ".p2p");
      try {
        Files.write(file, bytes);
        try (var reader = PackageReader.open(file)) {
          var _ = reader.inspect();
        }
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
