package dev.cis.deploy.pack;

import dev.cis.deploy.pack.PackageSignature.Envelope;
import dev.cis.deploy.pack.PackageSignature.Signature;
import dev.cis.deploy.pack.PackageSignature.Statement;
import dev.cis.deploy.trust.PublisherKey;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;

/**
 * Makes packages. The same files, modes and manifest give the same bytes of {@code app.tar.gz} with
 * the same Java: names are sorted behind the manifest, times are the manifest's {@code created_at}
 * or 1970, owners are 0.
 */
public final class Packer {
  private Packer() {}

  /**
   * What a signer says besides the package's digest, name and version.
   *
   * @param sequence must grow from signing to signing of one application; the usual choice is the
   *     time in milliseconds since 1970
   * @param createdAt when; cut to the second
   * @param expires from then on the signature is void; empty for never
   */
  public record Signing(long sequence, Instant createdAt, Optional<Instant> expires) {
    /** Checks the numbers. */
    public Signing {
      createdAt = createdAt.truncatedTo(ChronoUnit.SECONDS);
      expires = expires.map(at -> at.truncatedTo(ChronoUnit.SECONDS));
      if (sequence < 0 || expires.filter(createdAt::isAfter).isPresent()) {
        throw new Fault(
            PackCode.BAD_SOURCE, "a signature has a sequence from 0 and expires after it is made");
      }
    }

    /** The usual: the time as the sequence, valid for ever. */
    public static Signing at(Instant now) {
      return new Signing(now.toEpochMilli(), now, Optional.empty());
    }
  }

  /** Packs with the default limits. */
  public static Path build(Path sourceDir, Path outDir) {
    return build(sourceDir, outDir, PackageLimits.DEFAULT);
  }

  /**
   * Packs a directory with its {@code manifest.yaml} into {@code <outDir>/name-version.p2p}, not
   * yet signed. A file of that name is replaced at the end, in one step.
   *
   * @throws Fault {@code deploy.bad-manifest}, {@code deploy.bad-source} naming the file, {@code
   *     deploy.unsafe-package} for what no reader would accept, {@code deploy.storage}
   */
  public static Path build(Path sourceDir, Path outDir, PackageLimits limits) {
    if (!Files.isRegularFile(sourceDir.resolve(Manifest.FILE))) {
      throw new Fault(
          PackCode.BAD_SOURCE,
          sourceDir + " has no " + Manifest.FILE + "; 'cis package init' writes one");
    }
    var manifest = Manifest.read(sourceDir);
    try {
      Files.createDirectories(outDir);
      var application = Files.createTempFile(outDir, ".packing-", ".tar.gz");
      try {
        SourceTree.read(sourceDir, outDir, limits, manifest).write(application);
        var target = outDir.resolve(manifest.packageName());
        frame(Bytes.EMPTY, application, target);
        return target;
      } finally {
        Files.deleteIfExists(application);
      }
    } catch (IOException e) {
      throw Storage.failed("pack", sourceDir, e);
    }
  }

  /** Signs a package, in place of whatever signature it had. */
  public static Envelope sign(Path file, PublisherKey key, Signing signing) {
    try (var reader = PackageReader.open(file)) {
      var contents = reader.inspect();
      var statement =
          new Statement(
              contents.digest(),
              contents.manifest().name(),
              contents.manifest().version().toString(),
              signing.sequence(),
              signing.createdAt(),
              signing.expires());
      var envelope = new Envelope(statement, List.of(signature(statement, key)));
      replace(reader, file, contents.digest(), envelope.encode());
      return envelope;
    }
  }

  /** Adds a signature under the statement that others signed, for nodes that ask for several. */
  public static Envelope cosign(Path file, PublisherKey key) {
    try (var reader = PackageReader.open(file)) {
      var digest = reader.digest();
      if (!(reader.signature().orElse(null) instanceof Envelope(var statement, var signatures))) {
        throw new Fault(
            PackCode.UNSIGNED,
            file + " has no envelope to sign too; run: cis package sign " + file);
      }
      if (!statement.digest().equals(digest)) {
        throw new Fault(PackCode.BAD_SIGNATURE, file + " was changed after it was signed");
      }
      var all = new ArrayList<>(signatures);
      all.removeIf(other -> other.keyId().equals(key.publicKey().id()));
      all.add(signature(statement, key));
      if (all.size() > PackageSignature.MAX_SIGNATURES) {
        throw new Fault(
            PackCode.TOO_LARGE,
            file + " has the most signatures allowed, " + PackageSignature.MAX_SIGNATURES);
      }
      var envelope = new Envelope(statement, all);
      replace(reader, file, digest, envelope.encode());
      return envelope;
    }
  }

  private static Signature signature(Statement statement, PublisherKey key) {
    var publicKey = key.publicKey();
    var algorithm = publicKey.type().algorithm();
    byte[] signature = key.sign(statement.covered(algorithm, publicKey.id()));
    return new Signature(algorithm, publicKey.id(), Bytes.of(signature));
  }

  private static void replace(PackageReader reader, Path file, Bytes digest, Bytes signature) {
    var directory = file.toAbsolutePath().getParent();
    if (directory == null) {
      throw new Fault(PackCode.BAD_SOURCE, file + " is no file");
    }
    try {
      var application = Files.createTempFile(directory, ".packing-", ".tar.gz");
      try {
        if (!reader.copyApplication(application).equals(digest)) {
          throw new Fault(PackCode.BAD_PACKAGE, file + " changed while it was being signed");
        }
        frame(signature, application, file);
      } finally {
        Files.deleteIfExists(application);
      }
    } catch (IOException e) {
      throw Storage.failed("sign", file, e);
    }
  }

  /** Writes the outer archive beside the target and moves it there when it is on disk. */
  static void frame(Bytes signature, Path application, Path target) throws IOException {
    var directory = target.toAbsolutePath().getParent();
    var temporary = Files.createTempFile(directory, ".packing-", ".p2p");
    try {
      try (var channel =
              FileChannel.open(
                  temporary,
                  EnumSet.of(StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING));
          OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 65_536)) {
        var tar = new TarWriter(out, 0);
        tar.file(OuterArchive.SIGNATURE, 0644, signature.size());
        out.write(signature.toByteArray());
        tar.pad(signature.size());
        long size = Files.size(application);
        tar.file(OuterArchive.APPLICATION, 0644, size);
        Files.copy(application, out);
        tar.pad(size);
        tar.end();
        out.flush();
        channel.force(true);
      }
      Files.setPosixFilePermissions(temporary, Storage.permissions(0644));
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      if (directory != null) {
        Storage.syncDirectory(directory);
      }
    } finally {
      Files.deleteIfExists(temporary);
    }
  }
}
