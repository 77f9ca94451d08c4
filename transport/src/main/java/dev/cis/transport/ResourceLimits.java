package dev.cis.transport;

/**
 * Memory and file descriptors.
 *
 * @param maxMemory bytes that wait here for a peer or for a reader, all peers together; default 128
 *     MiB
 * @param maxMemoryPerPeer the same for one peer; default 48 MiB
 * @param reservedFiles file descriptors kept free for applications, packages and the database: with
 *     fewer left, peers get no new streams; default 64
 */
public record ResourceLimits(long maxMemory, long maxMemoryPerPeer, int reservedFiles) {
  /** The defaults. */
  public static final ResourceLimits DEFAULT = new ResourceLimits(128L << 20, 48L << 20, 64);

  /** Checks every setting; the message names the key. */
  public ResourceLimits {
    Rule.check(maxMemory >= 1 << 20, "max_memory", "is at least 1 MiB");
    Rule.check(
        maxMemoryPerPeer >= 1 << 20 && maxMemoryPerPeer <= maxMemory,
        "max_memory_per_peer",
        "is 1 MiB to max_memory");
    Rule.check(reservedFiles >= 0, "reserved_files", "is not negative");
  }
}
