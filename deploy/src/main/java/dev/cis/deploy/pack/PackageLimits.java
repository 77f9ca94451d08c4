package dev.cis.deploy.pack;

/**
 * How large a package may be. What is above is refused with {@code deploy.package-too-large} before
 * it fills a disk.
 *
 * @param packageBytes the compressed application, in bytes
 * @param unpackedBytes all files together, in bytes
 * @param entries files, directories and links
 * @param pathBytes length of a path
 * @param depth directories in one another
 * @param ratio unpacked bytes for one packed byte, counted beyond {@code freeBytes}
 * @param freeBytes unpacked bytes that may have any ratio
 */
public record PackageLimits(
    long packageBytes,
    long unpackedBytes,
    int entries,
    int pathBytes,
    int depth,
    int ratio,
    long freeBytes) {
  /** 4 GiB packed, 16 GiB unpacked, 100,000 entries, paths of 1,024 bytes, depth 32, ratio 200. */
  public static final PackageLimits DEFAULT =
      new PackageLimits(4L << 30, 16L << 30, 100_000, 1_024, 32, 200, 64L << 20);

  /** Checks that every limit is positive. */
  public PackageLimits {
    if (packageBytes < 1
        || unpackedBytes < 1
        || entries < 1
        || pathBytes < 1
        || depth < 1
        || ratio < 1
        || freeBytes < 0) {
      throw new IllegalArgumentException("every limit of a package is positive");
    }
  }
}
