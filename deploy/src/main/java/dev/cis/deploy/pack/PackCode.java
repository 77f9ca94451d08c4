package dev.cis.deploy.pack;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Kind;

/** The codes of the package format. */
public enum PackCode implements Code {
  BAD_MANIFEST(
      "deploy.bad-manifest",
      Kind.INVALID,
      "manifest.yaml is wrong; the message names the line, the key and what is expected."),
  BAD_SOURCE(
      "deploy.bad-source",
      Kind.INVALID,
      "A directory cannot be packed as it is; the message names the file and why."),
  BAD_PACKAGE(
      "deploy.bad-package",
      Kind.CORRUPT,
      "A file is no package, or a damaged one; build or copy it again."),
  UNSAFE_PACKAGE(
      "deploy.unsafe-package",
      Kind.DENIED,
      "A package holds what no package may hold, such as a path that leads out of it."),
  TOO_LARGE(
      "deploy.package-too-large",
      Kind.EXHAUSTED,
      "A package is above a limit on size, number of files, depth or compression."),
  UNSIGNED(
      "deploy.unsigned", Kind.DENIED, "A package has no signature; run 'cis package sign' on it."),
  BAD_SIGNATURE(
      "deploy.bad-signature",
      Kind.DENIED,
      "A package was changed after it was signed, or its signature belongs to another package."),
  UNTRUSTED(
      "deploy.untrusted-publisher",
      Kind.DENIED,
      "Nobody whom this node trusts signed the package; 'cis keys trust' adds a publisher."),
  EXPIRED(
      "deploy.signature-expired",
      Kind.DENIED,
      "The signature of a package was valid only until a time that has passed; sign it again."),
  EXISTS("deploy.already-unpacked", Kind.CONFLICT, "The place to unpack to is taken."),
  STORAGE(
      "deploy.storage",
      Kind.EXHAUSTED,
      "A file could not be read or written: disk full, no permission; the message says which.");

  private final String text;
  private final Kind kind;
  private final String help;

  PackCode(String text, Kind kind, String help) {
    this.text = text;
    this.kind = kind;
    this.help = help;
  }

  @Override
  public String text() {
    return text;
  }

  @Override
  public Kind kind() {
    return kind;
  }

  @Override
  public String help() {
    return help;
  }
}
