package dev.cis.deploy.trust;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Kind;

/** The codes of publishers' keys. */
public enum TrustCode implements Code {
  BAD_KEY(
      "deploy.bad-key",
      Kind.INVALID,
      "Text or a file is not a publisher's key: Ed25519 or RSA with 2048 or 4096 bits, as PEM."),
  BAD_KEY_NAME(
      "deploy.bad-key-name",
      Kind.INVALID,
      "A key is named with letters, digits, '.', '_' and '-', at most 64 of them."),
  KEY_EXISTS(
      "deploy.key-exists",
      Kind.CONFLICT,
      "The name or the key is taken; choose another name, or revoke the old one first."),
  NO_KEY(
      "deploy.no-key",
      Kind.NOT_FOUND,
      "No key has that name; 'cis keys list' shows the keys, 'cis keys generate' makes one."),
  KEY_EXPOSED(
      "deploy.key-exposed",
      Kind.DENIED,
      "Others may read a private key or change a trusted one; correct the file's mode."),
  KEY_FILE(
      "deploy.key-file",
      Kind.EXHAUSTED,
      "A key file could not be read or written; the message names the file and why.");

  private final String text;
  private final Kind kind;
  private final String help;

  TrustCode(String text, Kind kind, String help) {
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
