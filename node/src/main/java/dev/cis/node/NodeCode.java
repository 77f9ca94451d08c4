package dev.cis.node;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Kind;

/** The codes of this room. */
public enum NodeCode implements Code {
  BAD_CONFIG(
      "node.bad-config",
      Kind.INVALID,
      "A configuration key is unknown or has a bad value; the message names where it was given."),
  BAD_HOME(
      "node.bad-home",
      Kind.INVALID,
      "The data directory cannot be used; the message says why. Choose another with --home."),
  NO_IDENTITY(
      "node.no-identity",
      Kind.NOT_FOUND,
      "The data directory has no identity yet; make one with 'cis init'."),
  INSECURE_KEY(
      "node.insecure-key",
      Kind.DENIED,
      "Other users of this machine can read the private key; take the right away with chmod 600."),
  CORRUPT_KEY(
      "node.corrupt-key",
      Kind.CORRUPT,
      "The identity file is damaged; restore it from a backup or move it away and run 'cis init'."),
  ALREADY_RUNNING(
      "node.already-running",
      Kind.CONFLICT,
      "A daemon has this data directory open; stop it first or choose another with --home."),
  START_FAILED(
      "node.start-failed",
      Kind.INTERNAL,
      "A part of the node could not start; the message says which, daemon.log says more.");

  private final String text;
  private final Kind kind;
  private final String help;

  NodeCode(String text, Kind kind, String help) {
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
