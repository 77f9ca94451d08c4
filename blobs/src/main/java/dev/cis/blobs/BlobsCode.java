package dev.cis.blobs;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Kind;

/** The codes of this room. */
public enum BlobsCode implements Code {
  UNAVAILABLE(
      "blobs.unavailable",
      Kind.UNREACHABLE,
      "None of the sources could deliver a blob; the message names each source and why."),
  TOO_LARGE(
      "blobs.too-large",
      Kind.EXHAUSTED,
      "A blob is larger than this node takes; the message names the limit."),
  DISK_FULL(
      "blobs.disk-full",
      Kind.EXHAUSTED,
      "The disk under the blobs directory is full; make room and try again, it goes on."),
  NO_PERMISSION(
      "blobs.no-permission",
      Kind.DENIED,
      "The blobs directory or a file in it may not be read or written by this user."),
  STORAGE(
      "blobs.storage",
      Kind.EXHAUSTED,
      "A file under the blobs directory could not be read or written; the message says why."),
  CORRUPT(
      "blobs.corrupt",
      Kind.CORRUPT,
      "A stored blob no longer has its digest; it was set aside and can be fetched again."),
  BUSY(
      "blobs.busy",
      Kind.EXHAUSTED,
      "As many transfers as are allowed are under way; try again later."),
  CLOSED("blobs.closed", Kind.UNREACHABLE, "This node is stopping.");

  private final String text;
  private final Kind kind;
  private final String help;

  BlobsCode(String text, Kind kind, String help) {
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
