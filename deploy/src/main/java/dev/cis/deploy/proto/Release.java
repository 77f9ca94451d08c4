package dev.cis.deploy.proto;

import dev.cis.blobs.Digest;

/**
 * One package of an application.
 *
 * @param version as its manifest says
 * @param digest SHA-256 of the whole {@code .p2p} file
 * @param size of that file in bytes
 */
public record Release(String version, Digest digest, long size) {
  /** The name of the directory it is unpacked into. */
  public String directory() {
    return version + "-" + digest.toString().substring(0, 16);
  }
}
