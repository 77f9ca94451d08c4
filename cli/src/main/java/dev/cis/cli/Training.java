package dev.cis.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Map;

/**
 * Walks through the commands without a daemon, so that the launcher can record which classes they
 * load (JEP 514): the recording makes every later start fast.
 */
final class Training {
  private Training() {}

  static int run() {
    try {
      var home = Files.createTempDirectory("cis-training");
      var environment = Map.of("CIS_HOME", home.toString());
      var sink = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
      for (var words :
          new String[] {
            "version --json",
            "config show",
            "p2p status",
            "p2p peers --json",
            "p2p nonsense",
            "memory get x",
            "app list",
            "node list",
            "p2p --help"
          }) {
        var _ = Main.run(words.split(" ", -1), environment, sink, sink);
      }
      Files.delete(home);
      return 0;
    } catch (IOException e) {
      return 1;
    }
  }
}
