package dev.cis.sync;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Kind;

/** The codes of this room. */
public enum SyncCode implements Code {
  REFUSED(
      "sync.refused",
      Kind.DENIED,
      "A guard does not admit the write; the message says whose key it is or what is wrong."),
  INVALID("sync.invalid", Kind.INVALID, "A key, category or value is empty or too large."),
  LOCKED(
      "sync.locked",
      Kind.CONFLICT,
      "Another process has the memory database; stop the other daemon or program that uses it."),
  CORRUPT(
      "sync.corrupt",
      Kind.CORRUPT,
      "The memory database is damaged; move it away, and public memory comes back from peers."),
  NEWER_SCHEMA(
      "sync.newer-schema",
      Kind.CONFLICT,
      "A newer cis wrote the memory database; use that version or another data directory."),
  STORE_FAILED(
      "sync.store-failed",
      Kind.INTERNAL,
      "The memory database cannot be written; look for a full disk or missing permissions."),
  CLOSED("sync.closed", Kind.UNREACHABLE, "The memory of this node is closed.");

  private final String text;
  private final Kind kind;
  private final String help;

  SyncCode(String text, Kind kind, String help) {
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
