package dev.cis.cli;

import dev.cis.api.ControlClient;
import dev.cis.kernel.fault.Fault;
import dev.cis.node.Home;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command {@code cis} itself and the options that every command has. */
@Command(
    name = "cis",
    description = "A peer-to-peer stack and a lab tool in one binary.",
    footer = {
      "",
      "Examples:",
      "  cis demo                                three nodes on this machine, explained",
      "  cis init && cis p2p start               a node that finds its neighbours",
      "  cis p2p start --bootstrap host:7677     a node that joins others over the internet",
      "  cis p2p deploy app.p2p --labels env=test"
    })
final class Cis {
  private final Map<String, String> environment;
  private final Screen screen;

  @Option(
      names = "--home",
      scope = ScopeType.INHERIT,
      paramLabel = "DIR",
      description = "data directory of the node (default: $CIS_HOME, else ~/.cis)")
  private @Nullable Path home;

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "data as JSON; streams one document a line")
  private boolean json;

  @Option(names = "--debug", scope = ScopeType.INHERIT, description = "more about errors")
  private boolean debug;

  @Option(
      names = {"-y", "--yes"},
      scope = ScopeType.INHERIT,
      description = "do not ask before something is destroyed")
  private boolean yes;

  Cis(Map<String, String> environment, Screen screen) {
    this.environment = environment;
    this.screen = screen;
  }

  Screen screen() {
    return screen;
  }

  Map<String, String> environment() {
    return environment;
  }

  boolean json() {
    return json;
  }

  boolean debug() {
    return debug;
  }

  /** The data directory that was chosen. */
  Home home() {
    if (home != null) {
      return new Home(home);
    }
    var variable = environment.getOrDefault("CIS_HOME", "");
    if (!variable.isEmpty()) {
      return new Home(Path.of(variable));
    }
    return new Home(Path.of(System.getProperty("user.home"), ".cis"));
  }

  /** A client of that directory's daemon. */
  ControlClient client() {
    return new ControlClient(home());
  }

  /** Asks before something is destroyed; without a terminal {@code --yes} is needed. */
  void confirm(String question) {
    if (yes) {
      return;
    }
    if (!environment.getOrDefault("CIS_TTY", "").contains("0")) {
      throw new Fault(CliCode.NOT_CONFIRMED, question + " Add --yes to do it without a terminal.");
    }
    screen.err.print(question + " [y/N] ");
    screen.err.flush();
    var in = new java.util.Scanner(System.in, java.nio.charset.Charset.defaultCharset());
    if (!in.hasNextLine()
        || !in.nextLine().strip().toLowerCase(java.util.Locale.ROOT).matches("y(es)?")) {
      throw new Fault(CliCode.NOT_CONFIRMED, "not confirmed: nothing was changed");
    }
  }
}
