package dev.cis.deploy.proto;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Kind;

/** The codes of this room, packages and keys excepted. */
public enum DeployCode implements Code {
  BAD_SELECTOR(
      "deploy.bad-selector",
      Kind.INVALID,
      "A selector is 'k=v', 'k!=v', 'k in (a,b)' or 'k notin (a,b)', joined by commas."),
  BAD_ORDER("deploy.bad-order", Kind.INVALID, "A deployment order is malformed or incomplete."),
  NO_TARGET(
      "deploy.no-target",
      Kind.NOT_FOUND,
      "No known node matches the selector; compare it with 'cis node list'."),
  NO_APP("deploy.no-app", Kind.NOT_FOUND, "The application is not known; see 'cis app list'."),
  UNTRUSTED(
      "deploy.untrusted",
      Kind.DENIED,
      "The node does not trust the key that signed; trust it there with 'cis keys trust'."),
  BAD_COMMAND(
      "deploy.bad-command",
      Kind.INVALID,
      "A command is malformed, for another node, expired or repeated; check the nodes' clocks."),
  NOT_ANSWERED(
      "deploy.not-answered",
      Kind.UNREACHABLE,
      "The node did not answer the command; it may be off. Desired state is unchanged there."),
  START_FAILED(
      "deploy.start-failed",
      Kind.INVALID,
      "The application's process could not be started; the message says why."),
  HOOK_FAILED(
      "deploy.hook-failed",
      Kind.INVALID,
      "A hook of the package failed or took too long; its output is in the events log."),
  TOO_MANY_APPS(
      "deploy.too-many-apps",
      Kind.EXHAUSTED,
      "The node runs as many applications as it may; remove one or raise deploy.max_apps."),
  TOO_MANY_LOGS(
      "deploy.too-many-logs",
      Kind.EXHAUSTED,
      "The node serves as many log streams as it may; end one and try again."),
  STORE_FAILED(
      "deploy.store-failed",
      Kind.INTERNAL,
      "The deploy directory cannot be read or written; check disk space and permissions.");

  private final String text;
  private final Kind kind;
  private final String help;

  DeployCode(String text, Kind kind, String help) {
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
