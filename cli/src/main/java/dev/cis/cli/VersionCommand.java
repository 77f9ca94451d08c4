package dev.cis.cli;

import dev.cis.node.Version;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code cis version}. */
@Command(description = "The version of cis and of what it runs on.")
final class VersionCommand implements Callable<Integer> {
  private final Cis cis;

  VersionCommand(Cis cis) {
    this.cis = cis;
  }

  @Override
  public Integer call() {
    var java = Runtime.version().toString();
    var system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    if (cis.json()) {
      cis.screen().json(Map.of("version", Version.TEXT, "java", java, "system", system));
    } else {
      cis.screen().line("cis " + Version.TEXT + " (Java " + java + ", " + system + ")");
    }
    return 0;
  }
}
