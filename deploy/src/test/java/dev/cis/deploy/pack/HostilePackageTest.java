package dev.cis.deploy.pack;

import static dev.cis.deploy.pack.Samples.frame;
import static dev.cis.deploy.pack.Samples.refused;
import static dev.cis.deploy.pack.Samples.signed;
import static dev.cis.deploy.pack.Samples.tar;
import static dev.cis.deploy.pack.Samples.tarOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.fault.Fault;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Everything a package may not be, signed by someone trusted all the same. */
class HostilePackageTest {
  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil",
        "a/../../evil",
        "/etc/evil",
        "a//b",
        "a/./b",
        "..",
        "a/..",
        "a\\b",
        "a\u0001b",
        "a\u202Eb",
        "bin/hello/x",
        "a\nb",
        "./../evil",
        "//evil",
        "a/"
      })
  void refusesPathsThatAreNotPlain(String path) throws Exception {
    refused(directory, signed(tarOf(tar -> tar.file(path, "x"))), PackCode.UNSAFE_PACKAGE);
    assertThat(directory.resolve("evil")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/etc/passwd",
        "../../x",
        "..",
        "a/../../x",
        "bin/../../x",
        "x/..",
        "a\\b",
        "\u0007"
      })
  void refusesLinksThatMayLeadOut(String target) throws Exception {
    refused(directory, signed(tarOf(tar -> tar.link("l", target))), PackCode.UNSAFE_PACKAGE);
  }

  @Test
  void refusesToWriteThroughALink() throws Exception {
    refused(
        directory,
        signed(tarOf(tar -> tar.link("d", "bin").file("d/x", "x"))),
        PackCode.UNSAFE_PACKAGE);
  }

  @Test
  void refusesAChainOfLinksThatClimbsBehindALink() throws Exception {
    // m looks as if it stayed inside, but the link it passes stands at the top.
    refused(
        directory,
        signed(
            tarOf(tar ->
                tar.directory("a").directory("a/b").link("a/b/l", "../..").link("m", "a/b/l/.."))),
        PackCode.UNSAFE_PACKAGE);
  }

  @ParameterizedTest
  @ValueSource(chars = {'1', '3', '4', '6', '7', 'S', 'D', 'M', 'V', 'Z', 'A'})
  void refusesWhatIsNoFileDirectoryOrSymbolicLink(char type) throws Exception {
    refused(
        directory,
        signed(tarOf(tar -> tar.entry("x", 0644, type, "bin/hello", new byte[0]))),
        PackCode.UNSAFE_PACKAGE);
  }

  @Test
  void refusesNamesThatAreThereTwiceOrDifferOnlyInCase() throws Exception {
    refused(directory, signed(tarOf(tar -> tar.file("bin/hello", "x"))), PackCode.UNSAFE_PACKAGE);
    refused(directory, signed(tarOf(tar -> tar.file("bin/HELLO", "x"))), PackCode.UNSAFE_PACKAGE);
    refused(directory, signed(tarOf(tar -> tar.file("BIN/other", "x"))), PackCode.UNSAFE_PACKAGE);
    refused(
        directory,
        signed(tarOf(tar -> tar.file("caf\u00e9", "x").file("cafe\u0301", "x"))),
        PackCode.UNSAFE_PACKAGE);
    refused(
        directory,
        signed(tarOf(tar -> tar.directory("d").directory("d/"))),
        PackCode.UNSAFE_PACKAGE);
    refused(directory, signed(tarOf(tar -> tar.directory("bin/hello"))), PackCode.UNSAFE_PACKAGE);
  }

  @Test
  void refusesNamesThatAreNotUtf8() throws Exception {
    byte[] header = RawTar.header(new byte[] {'a', (byte) 0xFF}, 0644, '0', new byte[0], 0);
    refused(directory, signed(tarOf(tar -> tar.raw(header))), PackCode.UNSAFE_PACKAGE);
  }

  @Test
  void stopsABombWhileItGoesOff() throws Exception {
    byte[] zeros = new byte[8 << 20];
    var bomb = signed(tarOf(tar -> tar.entry("zeros", 0644, '0', "", zeros)));
    var tight = new PackageLimits(4 << 20, 1L << 30, 100, 1024, 32, 200, 1 << 20);
    var message = refused(() -> Samples.unpack(directory, bomb, tight), PackCode.TOO_LARGE);
    assertThat(message).contains("200 times");
    // The same archive is fine where such a size is free.
    assertThat(Samples.unpack(directory, bomb).resolve("zeros")).hasSize(zeros.length);
  }

  @Test
  void refusesMoreThanTheLimits() throws Exception {
    var limits = new PackageLimits(1 << 20, 10_000, 20, 40, 3, 200, 1 << 20);
    var many =
        tarOf(tar -> {
          for (int i = 0; i < 20; i++) {
            tar.file("f" + i, "");
          }
        });
    var large = tarOf(tar -> tar.entry("x", 0644, '0', "", new byte[20_000]));
    var deep = tarOf(tar -> tar.file("a/b/c/d", ""));
    var longPath = tarOf(tar -> tar.file("a".repeat(50), ""));
    for (var bad : java.util.List.of(many, large, deep, longPath)) {
      refused(() -> Samples.unpack(directory, signed(bad), limits), PackCode.TOO_LARGE);
    }
    var header = RawTar.header(RawTar.utf8("x"), 0644, '0', new byte[0], 8L << 30);
    refused(
        () -> Samples.unpack(directory, signed(tarOf(tar -> tar.raw(header))), limits),
        PackCode.TOO_LARGE);
    refused(() -> Samples.unpack(directory, new byte[4 << 20], limits), PackCode.TOO_LARGE);
  }

  @Test
  void refusesAnApplicationThatIsCutOffAnywhere() throws Exception {
    byte[] whole = tar().gzip();
    for (int length = 0; length < whole.length; length++) {
      var cut = signed(Arrays.copyOf(whole, length));
      refused(directory, cut, PackCode.BAD_PACKAGE);
    }
    byte[] plain = tar().tar();
    for (int length = 0; length < plain.length; length += 97) {
      refused(directory, signed(RawTar.gzip(Arrays.copyOf(plain, length))), PackCode.BAD_PACKAGE);
    }
  }

  @Test
  void refusesAFrameThatIsCutOffAnywhere() throws Exception {
    byte[] whole = signed(tar().gzip());
    for (int length = 0; length < whole.length; length += length % 512 == 511 ? 1 : 73) {
      byte[] cut = Arrays.copyOf(whole, length);
      refused(directory, cut, PackCode.BAD_PACKAGE);
    }
    refused(directory, Arrays.copyOf(whole, whole.length - 1), PackCode.BAD_PACKAGE);
  }

  @Test
  void refusesWhatFollowsTheEnd() throws Exception {
    byte[] good = tar().gzip();
    refused(directory, signed(join(good, RawTar.utf8("x"))), PackCode.BAD_PACKAGE);
    refused(directory, signed(join(good, new byte[512])), PackCode.BAD_PACKAGE);
    refused(
        directory, signed(RawTar.gzip(join(tar().tar(), RawTar.utf8("x")))), PackCode.BAD_PACKAGE);
    refused(directory, join(signed(good), RawTar.utf8("x")), PackCode.BAD_PACKAGE);
    byte[] second = RawTar.gzip(new RawTar().file("late", "x").tar());
    refused(directory, signed(join(good, second)), PackCode.BAD_PACKAGE);
  }

  @Test
  void refusesAFrameOfOtherEntriesOrAnotherOrder() throws Exception {
    byte[] application = tar().gzip();
    byte[] signature = Samples.envelope(application, Samples.KEY);
    refused(
        directory,
        new RawTar()
            .entry("app.tar.gz", 0644, '0', "", application)
            .entry("app.tar.gz.sig", 0644, '0', "", signature)
            .tar(),
        PackCode.BAD_PACKAGE);
    refused(
        directory,
        new RawTar()
            .entry("app.tar.gz.sig", 0644, '0', "", signature)
            .entry("app.tar.gz", 0644, '0', "", application)
            .file("more", "x")
            .tar(),
        PackCode.BAD_PACKAGE);
    refused(
        directory,
        new RawTar().entry("app.tar.gz.sig", 0644, '0', "", signature).tar(),
        PackCode.BAD_PACKAGE);
    refused(
        directory,
        new RawTar()
            .entry("app.tar.gz.sig", 0644, '2', "/etc/passwd", new byte[0])
            .entry("app.tar.gz", 0644, '0', "", application)
            .tar(),
        PackCode.BAD_PACKAGE);
    refused(directory, RawTar.utf8("not a package at all"), PackCode.BAD_PACKAGE);
  }

  @Test
  void refusesASingleChangedByteAnywhere() throws Exception {
    byte[] application = tar().gzip();
    byte[] good = signed(application);
    for (int i = 0; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] ^= (byte) (i % 2 == 0 ? 0x01 : 0x80);
      int at = i;
      org.assertj.core.api.Assertions.assertThatThrownBy(() -> Samples.unpack(directory, bad))
          .as("byte %d", at)
          .isInstanceOf(Fault.class);
    }
    assertThat(Samples.unpack(directory, good)).isDirectory();
  }

  @Test
  void refusesSignaturesThatDoNotVouchForThisPackage() throws Exception {
    byte[] application = tar().gzip();
    byte[] other = tarOf(tar -> tar.file("x", "x"));
    refused(
        directory,
        frame(Samples.envelope(other, Samples.KEY), application),
        PackCode.BAD_SIGNATURE);
    refused(
        directory,
        frame(Samples.envelope(application, Samples.key(2)), application),
        PackCode.UNTRUSTED);
    refused(directory, frame(new byte[0], application), PackCode.UNSIGNED);
    refused(directory, frame(new byte[64], application), PackCode.BAD_SIGNATURE);
    refused(directory, frame(new byte[256], application), PackCode.UNTRUSTED);
    refused(
        directory,
        frame(Samples.envelope(application, Samples.KEY, Optional.of(Samples.NOW)), application),
        PackCode.EXPIRED);
    byte[] renamed =
        new RawTar()
            .file("manifest.yaml", Samples.MANIFEST.replace("1.2.3", "1.2.4"))
            .file("bin/hello", "")
            .gzip();
    assertThat(refused(directory, signed(renamed), PackCode.BAD_SIGNATURE)).contains("1.2.4");
  }

  @Test
  void refusesAPackageWithoutManifestOrProgram() throws Exception {
    refused(directory, signed(new RawTar().file("x", "x").gzip()), PackCode.BAD_PACKAGE);
    refused(
        directory,
        signed(new RawTar().file("manifest.yaml", Samples.MANIFEST).gzip()),
        PackCode.BAD_MANIFEST);
    refused(
        directory,
        signed(new RawTar().file("manifest.yaml", "x".repeat(70_000)).gzip()),
        PackCode.BAD_MANIFEST);
  }

  @Test
  void throwsAwayWhatChangedBetweenVerifyingAndUnpacking() throws Exception {
    var file = directory.resolve("hello.p2p");
    byte[] application = tar().gzip();
    Files.write(file, signed(application));
    var apps = Files.createDirectory(directory.resolve("apps"));
    var publishers = Samples.trusting(directory.resolve("trusted"), Samples.KEY);
    try (var reader = PackageReader.open(file)) {
      var verified = reader.verify(publishers, Samples.NOW);
      // Another application of the same length in the same file, behind the reader's back.
      byte[] now = Files.readAllBytes(file);
      int offset = (now.length - 1024 - application.length - padding(application.length));
      System.arraycopy(evil(application.length), 0, now, offset, application.length);
      try (var channel =
          java.nio.channels.FileChannel.open(file, java.nio.file.StandardOpenOption.WRITE)) {
        channel.write(java.nio.ByteBuffer.wrap(now));
      }
      refused(() -> reader.unpack(verified, apps.resolve("hello")), PackCode.BAD_SIGNATURE);
    }
    assertThat(apps).isEmptyDirectory();
  }

  /** A good archive of exactly that many bytes: the gzip header has room for a comment. */
  private static byte[] evil(int length) throws Exception {
    byte[] small =
        new RawTar().file("manifest.yaml", Samples.MANIFEST).file("bin/hello", "").gzip();
    int fill = length - small.length - 1;
    assertThat(fill).isPositive();
    var out = new ByteArrayOutputStream();
    out.write(small, 0, 3);
    out.write(16);
    out.write(small, 4, 6);
    out.writeBytes("x".repeat(fill).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    out.write(0);
    out.write(small, 10, small.length - 10);
    return out.toByteArray();
  }

  private static int padding(int size) {
    return TarHeader.padding(size);
  }

  private static byte[] join(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }
}
