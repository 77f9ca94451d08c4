package dev.cis.cli;

import dev.cis.node.Settings;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code cis config ...}. */
final class ConfigCommands {
  private ConfigCommands() {}

  private static Settings read(Cis cis) {
    return Settings.read(cis.home().config(), cis.environment(), Map.of());
  }

  @Command(description = "Every key with its value and where it was set.")
  static final class Show implements Callable<Integer> {
    private final Cis cis;

    Show(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var all = read(cis).effective();
      if (cis.json()) {
        all.forEach(cis.screen()::json);
      } else {
        cis.screen()
            .table(
                List.of("KEY", "VALUE", "SET BY"),
                all.stream().map(e -> List.of(e.key(), e.value(), e.origin())).toList());
      }
      return 0;
    }
  }

  @Command(description = "Check the configuration without starting anything.")
  static final class Check implements Callable<Integer> {
    private final Cis cis;

    Check(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var _ = read(cis).config();
      var file = cis.home().config();
      boolean exists = Files.exists(file);
      if (cis.json()) {
        cis.screen().json(Map.of("ok", true, "file", file.toString(), "exists", exists));
      } else {
        cis.screen().line(file + (exists ? " is good" : " does not exist: defaults are used"));
      }
      return 0;
    }
  }

  @Command(description = "Where the configuration file is.")
  static final class Where implements Callable<Integer> {
    private final Cis cis;

    Where(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      if (cis.json()) {
        cis.screen().json(Map.of("file", cis.home().config().toString()));
      } else {
        cis.screen().line(cis.home().config().toString());
      }
      return 0;
    }
  }
}
