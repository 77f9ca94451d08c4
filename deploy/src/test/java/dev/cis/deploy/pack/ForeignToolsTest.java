package dev.cis.deploy.pack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.deploy.pack.Packer.Signing;
import dev.cis.deploy.trust.KeyType;
import dev.cis.deploy.trust.PublisherKey;
import dev.cis.deploy.trust.Publishers;
import dev.cis.deploy.trust.VerifyingKey;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packages made by the tar, gzip and openssl of this machine, and ours read by them. */
class ForeignToolsTest {
  @TempDir Path directory;
  private Publishers trusted;

  @BeforeEach
  void writeSource() throws Exception {
    trusted = Publishers.open(directory.resolve("trusted"));
    var bin = Files.createDirectories(directory.resolve("src/bin"));
    Files.writeString(directory.resolve("src/manifest.yaml"), Samples.MANIFEST);
    Files.writeString(bin.resolve("hello"), "#!/bin/sh\n");
    Files.writeString(directory.resolve("src/" + "n".repeat(180)), "long");
    Files.createSymbolicLink(bin.resolve("l"), Path.of("hello"));
    sh("tar -cf app.tar -C src . && gzip -kf app.tar");
  }

  private String sh(String script) throws Exception {
    var process =
        new ProcessBuilder("sh", "-ec", script)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  private Path unpack() throws Exception {
    sh("tar -cf hello.p2p app.tar.gz.sig app.tar.gz");
    var app = directory.resolve("app");
    try (var reader = PackageReader.open(directory.resolve("hello.p2p"))) {
      reader.unpack(reader.verify(trusted, Samples.NOW), app);
    }
    assertThat(app.resolve("n".repeat(180))).hasContent("long");
    assertThat(app.resolve("bin/l")).isSymbolicLink();
    return app;
  }

  private void trust(String file) throws Exception {
    var pem = Files.readString(directory.resolve(file));
    trusted.trust("foreign", VerifyingKey.parse(pem, file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"2048", "4096"})
  void acceptsRsaPssOfOpenssl(String bits) throws Exception {
    sh(
        "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:"
            + bits
            + " -out key.pem;"
            + "openssl pkey -in key.pem -pubout -out key.pub;"
            + "openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sign key.pem"
            + " -out app.tar.gz.sig app.tar.gz");
    trust("key.pub");
    assertThat(unpack()).isDirectory();
    sh(
        "rm -r app; openssl dgst -sha256 -sigopt rsa_padding_mode:pss"
            + " -sigopt rsa_pss_saltlen:digest -sign key.pem -out app.tar.gz.sig app.tar.gz");
    assertThat(unpack()).isDirectory();
  }

  @Test
  void acceptsEd25519OfOpensslOverTheDigest() throws Exception {
    sh(
        "openssl genpkey -algorithm ed25519 -out key.pem;"
            + "openssl pkey -in key.pem -pubout -out key.pub;"
            + "openssl dgst -sha256 -binary -out digest app.tar.gz;"
            + "openssl pkeyutl -sign -inkey key.pem -rawin -in digest -out app.tar.gz.sig");
    trust("key.pub");
    assertThat(unpack()).isDirectory();
    // And a key made by openssl signs as one of ours.
    var key = PublisherKey.parse(Files.readString(directory.resolve("key.pem")), "key.pem");
    var file = directory.resolve("hello.p2p");
    Packer.sign(file, key, Signing.at(Samples.NOW));
    try (var reader = PackageReader.open(file)) {
      assertThat(reader.verify(trusted, Samples.NOW).signers()).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ustar", "gnu", "pax"})
  void acceptsEveryFormatOfTarAndSeveralMembersOfGzip(String format) throws Exception {
    sh(
        "rm -f src/nnn*; printf long > src/"
            + "n".repeat(90)
            + ";"
            + "tar --format="
            + format
            + " -cf app.tar -C src .;"
            + "split -n 3 app.tar part.; for p in part.*; do gzip -c $p; done > app.tar.gz");
    Files.write(
        directory.resolve("app.tar.gz.sig"),
        Samples.envelope(Files.readAllBytes(directory.resolve("app.tar.gz")), Samples.KEY));
    trusted.trust("ours", Samples.KEY.publicKey());
    sh("tar -cf hello.p2p app.tar.gz.sig app.tar.gz");
    var app = directory.resolve("app");
    try (var reader = PackageReader.open(directory.resolve("hello.p2p"))) {
      reader.unpack(reader.verify(trusted, Samples.NOW), app);
    }
    assertThat(app.resolve("n".repeat(90))).hasContent("long");
  }

  @Test
  void ourPackagesAreOrdinaryArchivesToTarAndGzip() throws Exception {
    Packer.build(directory.resolve("src"), directory);
    sh(
        "mkdir x && tar -xf hello-1.2.3.p2p -C x && gzip -t x/app.tar.gz && cd x && tar -xzf"
            + " app.tar.gz");
    assertThat(directory.resolve("x/" + "n".repeat(180))).hasContent("long");
    assertThat(directory.resolve("x/bin/l")).isSymbolicLink();
    assertThat(sh("tar -tf hello-1.2.3.p2p")).isEqualTo("app.tar.gz.sig\napp.tar.gz\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ed25519", "rsa2048"})
  void opensslReadsOurKeys(String type) throws Exception {
    var key = PublisherKey.generate(KeyType.parse(type), new java.security.SecureRandom());
    Files.writeString(directory.resolve("key.pem"), key.pem());
    sh("openssl pkey -in key.pem -pubout -out key.pub");
    assertThat(directory.resolve("key.pub")).hasContent(key.publicKey().pem());
  }
}
