package dev.cis.blobs;

import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Swarm;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Optional;

/** The blobs of this node, and transfer from others. Thread-safe. */
public interface Blobs extends AutoCloseable {
  /** Largest blob in bytes: 16 GiB. */
  long MAX_BYTES = 16L << 30;

  /** Hears how a transfer goes. */
  @FunctionalInterface
  interface Progress {
    /** Nobody listens. */
    Progress NONE = (done, total, from) -> {};

    /** So many verified bytes of the total are here, the last from this peer. */
    void at(long done, long total, NodeId from);
  }

  /**
   * The blobs in a directory, which is created if need be, served to peers from now on.
   *
   * @throws dev.cis.kernel.fault.Fault {@code blobs.no-permission} or {@code blobs.storage}
   */
  static Blobs open(Path directory, Swarm swarm, BlobsConfig config) {
    return new LocalBlobs(directory, swarm, config);
  }

  /** Stores all the bytes of a stream, durably, and names them. */
  Digest put(InputStream bytes) throws IOException;

  /** The file that holds a complete, verified blob; not to be changed by the caller. */
  Optional<Path> find(Digest digest);

  /**
   * Fetches a blob unless it is here already, trying the sources in order of promise and going on
   * with what is on disk.
   *
   * @param size expected size in bytes; a manifest that says otherwise is refused
   * @throws dev.cis.kernel.fault.Fault {@code blobs.unavailable} naming each source and why
   */
  Path fetch(Digest digest, long size, Collection<NodeId> sources, Progress progress)
      throws InterruptedException;

  /** Forgets a blob; false if it was not here. */
  boolean remove(Digest digest);

  @Override
  void close();
}
