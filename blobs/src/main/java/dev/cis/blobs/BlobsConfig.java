package dev.cis.blobs;

import java.time.Duration;

/**
 * Settings of blobs.
 *
 * @param maxBlobBytes larger blobs are neither stored nor fetched
 * @param maxServed streams on which peers are served at a time; more are answered with busy
 * @param maxTransfers blobs that are fetched at a time
 * @param answerWithin a source that has not answered a request for so long is given up
 */
public record BlobsConfig(
    long maxBlobBytes, int maxServed, int maxTransfers, Duration answerWithin) {
  /** 16 GiB, 16 streams, 64 transfers, 20 s. */
  public static final BlobsConfig DEFAULT =
      new BlobsConfig(Blobs.MAX_BYTES, 16, 64, Duration.ofSeconds(20));

  /** Checks the ranges. */
  public BlobsConfig {
    if (maxBlobBytes < 1 || maxBlobBytes > Blobs.MAX_BYTES) {
      throw new IllegalArgumentException("blobs.max_blob_bytes of 1 to " + Blobs.MAX_BYTES);
    }
    if (maxServed < 1 || maxTransfers < 1 || !answerWithin.isPositive()) {
      throw new IllegalArgumentException(
          "blobs.max_served, blobs.max_transfers and blobs.answer_within above 0");
    }
  }
}
