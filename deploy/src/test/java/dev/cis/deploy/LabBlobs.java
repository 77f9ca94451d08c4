package dev.cis.deploy;

import dev.cis.blobs.Blobs;
import dev.cis.blobs.Digest;
import dev.cis.deploy.proto.DeployCode;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Blobs for tests of this room: files that are copied from directory to directory. */
final class LabBlobs implements Blobs {
  private final Path directory;
  private final Map<NodeId, LabBlobs> lab;

  LabBlobs(Path directory, NodeId self, ConcurrentHashMap<NodeId, LabBlobs> lab)
      throws IOException {
    this.directory = Files.createDirectories(directory);
    this.lab = lab;
    lab.put(self, this);
  }

  @Override
  public Digest put(InputStream bytes) throws IOException {
    var draft = Files.createTempFile(directory, "draft", "");
    Files.copy(bytes, draft, StandardCopyOption.REPLACE_EXISTING);
    var digest = digest(Files.readAllBytes(draft));
    Files.move(draft, directory.resolve(digest.toString()), StandardCopyOption.REPLACE_EXISTING);
    return digest;
  }

  private static Digest digest(byte[] bytes) {
    try {
      return Digest.of(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public Optional<Path> find(Digest digest) {
    return Optional.of(directory.resolve(digest.toString())).filter(Files::exists);
  }

  @Override
  public Path fetch(Digest digest, long size, Collection<NodeId> sources, Progress progress) {
    var here = find(digest);
    if (here.isPresent()) {
      return here.get();
    }
    for (var source : sources) {
      var there = Optional.ofNullable(lab.get(source)).flatMap(blobs -> blobs.find(digest));
      if (there.isPresent()) {
        try (var in = Files.newInputStream(there.get())) {
          progress.at(size / 2, size, source);
          put(in);
          return find(digest).orElseThrow();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    throw new Fault(DeployCode.NOT_ANSWERED, "blobs: nobody of " + sources + " has it");
  }

  @Override
  public boolean remove(Digest digest) {
    return directory.resolve(digest.toString()).toFile().delete();
  }

  @Override
  public void close() {}
}
