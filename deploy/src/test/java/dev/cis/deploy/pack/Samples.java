package dev.cis.deploy.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cis.deploy.pack.PackageSignature.Envelope;
import dev.cis.deploy.pack.PackageSignature.Signature;
import dev.cis.deploy.pack.PackageSignature.Statement;
import dev.cis.deploy.trust.PublisherKey;
import dev.cis.deploy.trust.Publishers;
import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.wire.Bytes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Packages and keys for tests. */
final class Samples {
  static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  static final PublisherKey KEY = key(1);
  static final String MANIFEST =
      """
      name: hello
      version: 1.2.3
      entrypoint: bin/hello
      created_at: "2026-01-19T10:00:00Z"
      """;

  private Samples() {}

  static PublisherKey key(int seed) {
    return PublisherKey.of(KeyPair.generate(new Random(seed)));
  }

  static RawTar tar() {
    return new RawTar().file("manifest.yaml", MANIFEST).file("bin/hello", "#!/bin/sh\necho hi\n");
  }

  static Bytes sha256(byte[] bytes) {
    return Bytes.of(HashingInput.sha256().digest(bytes));
  }

  static byte[] envelope(byte[] application, PublisherKey key) {
    return envelope(application, key, Optional.empty());
  }

  static byte[] envelope(byte[] application, PublisherKey key, Optional<Instant> expires) {
    var statement = new Statement(sha256(application), "hello", "1.2.3", 7, NOW, expires);
    var algorithm = key.publicKey().type().algorithm();
    var id = key.publicKey().id();
    var signature = Bytes.of(key.sign(statement.covered(algorithm, id)));
    return new Envelope(statement, List.of(new Signature(algorithm, id, signature)))
        .encode()
        .toByteArray();
  }

  static byte[] frame(byte[] signature, byte[] application) {
    return new RawTar()
        .entry("app.tar.gz.sig", 0644, '0', "", signature)
        .entry("app.tar.gz", 0644, '0', "", application)
        .tar();
  }

  static byte[] signed(byte[] application) {
    return frame(envelope(application, KEY), application);
  }

  static Publishers trusting(Path directory, PublisherKey... keys) {
    var publishers = Publishers.open(directory);
    for (int i = 0; i < keys.length; i++) {
      publishers.trust("publisher-" + i, keys[i].publicKey());
    }
    return publishers;
  }

  /** Verifies and unpacks what these bytes are; leaves nothing behind when it fails. */
  static Path unpack(Path directory, byte[] file, PackageLimits limits) throws Exception {
    var path = Files.write(Files.createTempFile(directory, "sample", ".p2p"), file);
    var apps = Files.createDirectories(directory.resolve("apps"));
    var publishers = trusting(directory.resolve("trusted"), KEY);
    var destination = apps.resolve("hello");
    try (var reader = PackageReader.open(path, limits)) {
      reader.unpack(reader.verify(publishers, NOW), destination);
      return destination;
    } finally {
      Files.delete(path);
    }
  }

  static Path unpack(Path directory, byte[] file) throws Exception {
    return unpack(directory, file, PackageLimits.DEFAULT);
  }

  static String refused(Path directory, byte[] file, Code code) throws Exception {
    var message = refused(() -> unpack(directory, file), code);
    try (var left = Files.list(directory.resolve("apps"))) {
      assertThat(left).as("what is left behind").isEmpty();
    }
    return message;
  }

  static String refused(ThrowingCallable action, Code code) {
    var fault = catchThrowableOfType(Fault.class, action);
    assertThat(fault).as("expected " + code.text()).isNotNull();
    assertThat(fault.code()).as(fault.getMessage()).isEqualTo(code);
    return String.valueOf(fault.getMessage());
  }

  static byte[] tarOf(Consumer<RawTar> more) throws Exception {
    var tar = tar();
    more.accept(tar);
    return tar.gzip();
  }
}
