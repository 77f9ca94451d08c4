package dev.cis.deploy.proto;

import dev.cis.blobs.Blobs;
import dev.cis.blobs.Digest;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;

/** {@code message Release { string version = 1; bytes digest = 2; uint64 size = 3; }}. */
final class ReleaseCodec implements Codec<Release> {
  static final ReleaseCodec CODEC = new ReleaseCodec();
  static final int MAX_BYTES = 128;

  @Override
  public void write(WireWriter out, Release release) {
    out.string(1, release.version()).bytes(2, release.digest().bytes()).uint(3, release.size());
  }

  @Override
  public Release read(WireReader in) {
    var version = "";
    byte[] digest = {};
    long size = 0;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> version = in.string(63);
        case 2 -> digest = in.exactly(Digest.BYTES);
        case 3 -> size = in.uint(Blobs.MAX_BYTES);
        default -> in.skip();
      }
    }
    if (!DeployOrder.isVersion(version)) {
      throw new IllegalArgumentException("the version of a release is no version");
    }
    return new Release(version, Digest.of(digest), size);
  }
}
