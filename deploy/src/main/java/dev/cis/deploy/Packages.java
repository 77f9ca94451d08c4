package dev.cis.deploy;

import dev.cis.deploy.run.LaunchSpec;
import dev.cis.kernel.identity.PublicKey;
import java.nio.file.Path;
import java.util.Set;

/** Package files, and whom this node believes about them. */
interface Packages {
  /** What a package is called. */
  record Name(String app, String version) {}

  /** The trusted keys that can sign orders. */
  Set<PublicKey> trusted();

  /**
   * Checks a package that is to be deployed from here.
   *
   * @throws dev.cis.kernel.fault.Fault when its signature is neither the publisher's nor that of
   *     someone this node trusts
   */
  Name check(Path file, PublicKey publisher);

  /**
   * Verifies a package against the trusted publishers and unpacks it; the destination appears at
   * once and complete, or not at all.
   */
  Name unpack(Path file, Path destination);

  /** Removes what unpackings that were cut off have left in a directory. */
  void sweep(Path directory);

  /** How an unpacked package is run. */
  LaunchSpec spec(String app, String release, Path unpacked);
}
