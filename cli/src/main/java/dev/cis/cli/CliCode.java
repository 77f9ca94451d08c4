package dev.cis.cli;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Kind;

/** The codes of this room. */
public enum CliCode implements Code {
  USAGE("cli.usage", Kind.INVALID, "The words of the command make no sense; see --help."),
  NO_FILE("cli.no-file", Kind.NOT_FOUND, "A file that the command needs is missing or unreadable."),
  NOT_CONFIRMED(
      "cli.not-confirmed",
      Kind.INVALID,
      "The command destroys something and there is no terminal to ask at; add --yes."),
  NOT_READY(
      "cli.not-ready",
      Kind.TIMEOUT,
      "The daemon was started and did not become ready in time; daemon.log may say why."),
  NOT_STOPPED(
      "cli.not-stopped",
      Kind.TIMEOUT,
      "The daemon was told to stop and did not end in time; daemon.log may say why.");

  private final String text;
  private final Kind kind;
  private final String help;

  CliCode(String text, Kind kind, String help) {
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
