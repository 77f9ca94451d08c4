package dev.cis.deploy.pack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.deploy.pack.Packer.Signing;
import dev.cis.deploy.trust.KeyType;
import dev.cis.deploy.trust.PublisherKey;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackageRoundTripTest {
  @TempDir Path directory;
  private Path source;
  private Path out;
  private Path apps;

  @BeforeEach
  void writeSource() throws Exception {
    out = directory.resolve("out");
    apps = Files.createDirectory(directory.resolve("apps"));
    source = source("source");
  }

  private Path source(String name) throws Exception {
    var top = Files.createDirectory(directory.resolve(name));
    Files.createDirectories(top.resolve("bin"));
    Files.createDirectories(top.resolve("empty"));
    Files.createDirectories(top.resolve("scripts"));
    Files.writeString(top.resolve("manifest.yaml"), Samples.MANIFEST);
    Files.writeString(top.resolve("scripts/pre-start.sh"), "#!/bin/sh\n");
    Files.writeString(top.resolve("bin/hello"), "#!/bin/sh\necho hello\n");
    Files.writeString(top.resolve("secret"), "s");
    Files.writeString(top.resolve("x".repeat(120)), "long name");
    Files.createSymbolicLink(top.resolve("bin/again"), Path.of("hello"));
    Files.createSymbolicLink(top.resolve("bin/up"), Path.of("../secret"));
    mode(top.resolve("secret"), "rw-------");
    mode(top.resolve("bin/hello"), "rwxr-xr-x");
    mode(top.resolve("scripts/pre-start.sh"), "rw-r--r--");
    return top;
  }

  private static void mode(Path file, String mode) throws Exception {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  private static String mode(Path file) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void whatIsPackedIsUnpacked() throws Exception {
    var file = Packer.build(source, out);
    assertThat(file.getFileName()).hasToString("hello-1.2.3.p2p");
    Packer.sign(file, Samples.KEY, Signing.at(Samples.NOW));
    var publishers = Samples.trusting(directory.resolve("trusted"), Samples.KEY);
    var app = apps.resolve("app");
    try (var reader = PackageReader.open(file)) {
      var verified = reader.verify(publishers, Samples.NOW);
      assertThat(verified.statement().orElseThrow().sequence())
          .isEqualTo(Samples.NOW.toEpochMilli());
      assertThat(verified.signers())
          .extracting(signer -> signer.name())
          .containsExactly("publisher-0");
      var manifest = reader.unpack(verified, app);
      assertThat(manifest.hooks().preStart()).containsExactly("scripts/pre-start.sh");
      assertThat(Manifest.read(app)).isEqualTo(manifest);
      Samples.refused(() -> reader.unpack(verified, app), PackCode.EXISTS);
    }
    assertThat(app.resolve("bin/hello")).hasContent("#!/bin/sh\necho hello\n");
    assertThat(mode(app.resolve("bin/hello"))).isEqualTo("rwxr-xr-x");
    assertThat(mode(app.resolve("secret"))).isEqualTo("rw-------");
    assertThat(mode(app.resolve("scripts/pre-start.sh"))).isEqualTo("rwxr-xr-x");
    assertThat(app.resolve("empty")).isEmptyDirectory();
    assertThat(app.resolve("x".repeat(120))).hasContent("long name");
    assertThat(Files.readSymbolicLink(app.resolve("bin/again"))).hasToString("hello");
    assertThat(app.resolve("bin/up")).hasContent("s");
    try (var left = Files.list(apps)) {
      assertThat(left).containsExactly(app);
    }
  }

  @Test
  void theSameFilesGiveTheSameBytes() throws Exception {
    var first = Files.readAllBytes(Packer.build(source, out));
    var other = source("other");
    Files.setLastModifiedTime(other.resolve("secret"), FileTime.fromMillis(1_000_000));
    assertThat(Files.readAllBytes(Packer.build(other, out))).isEqualTo(first);
    var key = Samples.KEY;
    var file = out.resolve("hello-1.2.3.p2p");
    Packer.sign(file, key, Signing.at(Samples.NOW));
    var signed = Files.readAllBytes(file);
    Packer.sign(file, key, Signing.at(Samples.NOW));
    assertThat(Files.readAllBytes(file)).isEqualTo(signed).isNotEqualTo(first);
  }

  @Test
  void packingIntoTheSourceDoesNotPackThePackage() throws Exception {
    var first = Files.readAllBytes(Packer.build(source, source));
    assertThat(Files.readAllBytes(Packer.build(source, source))).isEqualTo(first);
    assertThat(Files.readAllBytes(Packer.build(source, source.resolve("dist")))).isEqualTo(first);
    assertThat(Files.readAllBytes(Packer.build(source, source.resolve("dist")))).isEqualTo(first);
  }

  @Test
  void setuidBitsAndWriteBitsOfOthersAreDropped() throws Exception {
    var application = Samples.tarOf(tar -> tar.entry("suid", 06777, '0', "", RawTar.utf8("x")));
    var app = Samples.unpack(directory, Samples.signed(application));
    var unix =
        (int) Files.getAttribute(app.resolve("suid"), "unix:mode", LinkOption.NOFOLLOW_LINKS);
    assertThat(unix & 07777).isEqualTo(0755);
  }

  @Test
  void severalPublishersMaySignOnePackage() throws Exception {
    var rsa = PublisherKey.generate(KeyType.RSA2048, new SecureRandom());
    var file = Packer.build(source, out);
    Samples.refused(() -> Packer.cosign(file, rsa), PackCode.UNSIGNED);
    var expires = Samples.NOW.plus(Duration.ofDays(30));
    Packer.sign(file, Samples.KEY, new Signing(3, Samples.NOW, Optional.of(expires)));
    Packer.cosign(file, rsa);
    for (var trusted : List.of(new PublisherKey[] {rsa}, new PublisherKey[] {rsa, Samples.KEY})) {
      var publishers = Samples.trusting(directory.resolve("trusted" + trusted.length), trusted);
      try (var reader = PackageReader.open(file)) {
        assertThat(reader.verify(publishers, Samples.NOW).signers()).hasSize(trusted.length);
        Samples.refused(() -> reader.verify(publishers, expires), PackCode.EXPIRED);
      }
    }
  }

  @Test
  void lookingAtAPackageNeedsNoTrust() throws Exception {
    var file = Packer.build(source, out);
    try (var reader = PackageReader.open(file)) {
      var contents = reader.inspect();
      assertThat(contents.signature()).isEmpty();
      assertThat(contents.manifest().name()).isEqualTo("hello");
      assertThat(contents.entries().getFirst().path()).isEqualTo("manifest.yaml");
      assertThat(contents.digest()).isEqualTo(reader.digest());
    }
  }

  @Test
  void leftoversOfACrashAreSwept() throws Exception {
    var leftover = Files.createDirectories(apps.resolve(".unpacking-123/bin"));
    Files.writeString(leftover.resolve("x"), "x");
    Files.createSymbolicLink(leftover.resolve("out"), source);
    var kept = Files.createDirectory(apps.resolve("hello"));
    PackageReader.sweep(apps);
    try (var left = Files.list(apps)) {
      assertThat(left).containsExactly(kept);
    }
    assertThat(source.resolve("secret")).exists();
  }

  @Test
  void refusesToPackWhatNobodyCouldUnpack() throws Exception {
    Files.createSymbolicLink(source.resolve("out"), Path.of("/etc"));
    Samples.refused(() -> Packer.build(source, out), PackCode.UNSAFE_PACKAGE);
    Files.delete(source.resolve("out"));
    Files.writeString(source.resolve("SECRET"), "");
    Samples.refused(() -> Packer.build(source, out), PackCode.UNSAFE_PACKAGE);
    Files.delete(source.resolve("SECRET"));
    Files.delete(source.resolve("bin/hello"));
    Samples.refused(() -> Packer.build(source, out), PackCode.BAD_MANIFEST);
    Files.delete(source.resolve("manifest.yaml"));
    Samples.refused(() -> Packer.build(source, out), PackCode.BAD_SOURCE);
    try (var left = Files.list(out)) {
      assertThat(left).isEmpty();
    }
  }
}
