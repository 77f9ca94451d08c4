package dev.cis.deploy.pack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Mutated valid bytes give faults, never another exception. */
class PackageFuzzTest {
  private static byte[] mutated(byte[] good, long seed, int changes) {
    var random = new Random(seed);
    byte[] bytes = good.clone();
    for (int i = 0; i < changes; i++) {
      switch (random.nextInt(4)) {
        case 0 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
        case 1 -> bytes = Arrays.copyOf(bytes, bytes.length + random.nextInt(20));
        default -> {}
      }
      if (bytes.length > 0) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
    }
    return bytes;
  }

  @Property(tries = 4_000)
  void theFrame(@ForAll long seed, @ForAll @IntRange(min = 1, max = 4) int changes)
      throws Exception {
    byte[] application = Samples.tar().gzip();
    var file = Files.createTempFile("fuzz", ".p2p");
    try {
      Files.write(file, mutated(Samples.signed(application), seed, changes));
      inspect(file);
    } finally {
      Files.delete(file);
    }
  }

  private static void inspect(Path file) {
    try (var reader = PackageReader.open(file)) {
      assertThat(reader.inspect().manifest().name()).isNotEmpty();
    } catch (Fault e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  @Property(tries = 10_000)
  void theArchive(@ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int changes)
      throws Exception {
    byte[] tar = mutated(Samples.tar().link("l", "bin").directory("d").tar(), seed, changes);
    try (var in = new HashingInput(new java.io.ByteArrayInputStream(RawTar.gzip(tar)))) {
      assertThat(Unpacker.walk(in, PackageLimits.DEFAULT, "fuzz", _ -> {})).isNotNull();
    } catch (Fault e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  @Property(tries = 10_000)
  void theEnvelope(@ForAll long seed, @ForAll @IntRange(min = 1, max = 4) int changes) {
    byte[] good = Samples.envelope(new byte[] {1}, Samples.KEY);
    try {
      assertThat(PackageSignature.parse(Bytes.of(mutated(good, seed, changes)), "fuzz"))
          .isNotNull();
    } catch (Fault e) {
      assertThat(e.code()).isEqualTo(PackCode.BAD_SIGNATURE);
    }
  }

  @Property(tries = 10_000)
  void theManifest(@ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int changes) {
    byte[] good = RawTar.utf8(ManifestTest.FULL);
    try {
      assertThat(Manifest.parse(Bytes.of(mutated(good, seed, changes)), "fuzz")).isNotNull();
    } catch (Fault e) {
      assertThat(e.code()).isEqualTo(PackCode.BAD_MANIFEST);
    }
  }
}
