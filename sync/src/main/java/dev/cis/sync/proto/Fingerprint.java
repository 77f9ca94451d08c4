package dev.cis.sync.proto;

/**
 * What a range holds, in brief: two ranges with equal fingerprints hold the same entries, but for
 * chance.
 *
 * @param count how many entries
 * @param high the first eight bytes of their hashes, combined by exclusive or
 * @param low the next eight
 */
public record Fingerprint(long count, long high, long low) {
  /** Of an empty range. */
  public static final Fingerprint EMPTY = new Fingerprint(0, 0, 0);

  /** The fingerprint of both together. */
  public Fingerprint plus(Fingerprint other) {
    return new Fingerprint(count + other.count, high ^ other.high, low ^ other.low);
  }
}
