package dev.cis.deploy.pack;

import dev.cis.deploy.trust.Publishers;
import dev.cis.deploy.trust.VerifyingKey;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads one package file. The file is opened once; what {@link #verify} vouches for is a digest,
 * and {@link #unpack} hashes the very bytes that it unpacks and throws everything away unless they
 * have that digest, so that a file changed in between gains nothing. Not thread-safe.
 *
 * <pre>{@code
 * try (var reader = PackageReader.open(file)) {
 *   var verified = reader.verify(publishers, now);
 *   var manifest = reader.unpack(verified, destination);
 * }
 * }</pre>
 */
public final class PackageReader implements AutoCloseable {
  private final Path file;
  private final PackageLimits limits;
  private final FileChannel channel;
  private final OuterArchive outer;

  private PackageReader(Path file, PackageLimits limits, FileChannel channel, OuterArchive outer) {
    this.file = file;
    this.limits = limits;
    this.channel = channel;
    this.outer = outer;
  }

  /**
   * One thing in the application's archive.
   *
   * @param path relative, with '/' between names
   * @param type {@code file}, {@code directory} or {@code link}
   * @param mode permission bits
   * @param size in bytes
   * @param target of a link, else empty
   */
  public record Entry(String path, String type, int mode, long size, String target) {}

  /**
   * What a package says of itself; nothing of it is verified.
   *
   * @param manifest the manifest
   * @param entries all entries in order
   * @param digest SHA-256 of {@code app.tar.gz}
   * @param size of {@code app.tar.gz} in bytes
   * @param signature empty when the package is not signed
   */
  public record Contents(
      Manifest manifest,
      List<Entry> entries,
      Bytes digest,
      long size,
      Optional<PackageSignature> signature) {}

  /**
   * A package that a trusted publisher signed.
   *
   * @param digest SHA-256 of {@code app.tar.gz}
   * @param statement what was signed; empty for a bare signature, which covers the digest only
   * @param signers the trusted publishers whose signatures are good, at least one
   */
  public record Verified(
      Bytes digest,
      Optional<PackageSignature.Statement> statement,
      List<Publishers.Publisher> signers) {}

  /** Opens a package with the default limits. */
  public static PackageReader open(Path file) {
    return open(file, PackageLimits.DEFAULT);
  }

  /**
   * Opens a package and reads its frame.
   *
   * @throws Fault {@code deploy.bad-package} when it is none
   */
  public static PackageReader open(Path file, PackageLimits limits) {
    try {
      var channel = FileChannel.open(file, StandardOpenOption.READ);
      try {
        return new PackageReader(file, limits, channel, OuterArchive.read(channel, file, limits));
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (NoSuchFileException e) {
      throw new Fault(PackCode.BAD_PACKAGE, "there is no package " + file, e);
    } catch (IOException e) {
      throw Storage.failed("read", file, e);
    }
  }

  /** SHA-256 of {@code app.tar.gz}; reads it all. */
  public Bytes digest() {
    try (var in = application()) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
      return in.digest();
    } catch (IOException e) {
      throw Storage.failed("read", file, e);
    }
  }

  /** Copies {@code app.tar.gz} out; answers the digest of the copy. */
  Bytes copyApplication(Path target) throws IOException {
    try (var in = application();
        var out = java.nio.file.Files.newOutputStream(target)) {
      in.transferTo(out);
      return in.digest();
    }
  }

  /** The signature, empty when the package is not signed. */
  public Optional<PackageSignature> signature() {
    return outer.signature().isEmpty()
        ? Optional.empty()
        : Optional.of(PackageSignature.parse(outer.signature(), file.toString()));
  }

  /** Looks at a package without trusting it; nothing is written. */
  public Contents inspect() {
    var signature = signature();
    var entries = new ArrayList<Entry>();
    try (var in = application()) {
      var manifest = Unpacker.walk(in, limits, file.toString(), entries::add);
      return new Contents(
          manifest, List.copyOf(entries), in.digest(), outer.applicationSize(), signature);
    } catch (IOException e) {
      throw Storage.failed("read", file, e);
    }
  }

  /**
   * Checks the signature. Every signature by a trusted publisher must be good, and there must be
   * one.
   *
   * @throws Fault {@code deploy.unsigned}, {@code deploy.bad-signature}, {@code
   *     deploy.untrusted-publisher}, {@code deploy.signature-expired}
   */
  public Verified verify(Publishers trusted, Instant now) {
    var signature = required();
    return signature.verify(digest(), trusted.list(), now, file.toString());
  }

  /** Checks the signature against one key, whether trusted here or not. */
  public Verified verify(String name, VerifyingKey key, Instant now) {
    var signature = required();
    var only = List.of(new Publishers.Publisher(name, key));
    return signature.verify(digest(), only, now, file.toString());
  }

  private PackageSignature required() {
    return signature()
        .orElseThrow(() ->
            new Fault(PackCode.UNSIGNED, file + " is not signed; run: cis package sign " + file));
  }

  /**
   * Unpacks what was verified. The destination appears with one rename after everything is on disk,
   * or not at all.
   *
   * @param destination must not exist; its parent directory must
   * @throws Fault {@code deploy.unsafe-package}, {@code deploy.package-too-large}, {@code
   *     deploy.bad-package}, {@code deploy.bad-manifest}, {@code deploy.bad-signature} when the
   *     file changed since, {@code deploy.already-unpacked}, {@code deploy.storage}
   */
  public Manifest unpack(Verified verified, Path destination) {
    try (var in = application()) {
      return Unpacker.unpack(in, limits, file.toString(), verified, destination);
    } catch (IOException e) {
      throw Storage.failed("read", file, e);
    }
  }

  /** Removes what unpackings that were cut off left in this directory; call it at start. */
  public static void sweep(Path directory) {
    Storage.sweep(directory);
  }

  /** Whether a path exists, without following a link. */
  static boolean exists(Path path) {
    return java.nio.file.Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  private HashingInput application() {
    InputStream part = new ChannelPart(channel, outer.applicationOffset(), outer.applicationSize());
    return new HashingInput(part);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw Storage.failed("close", file, e);
    }
  }
}
