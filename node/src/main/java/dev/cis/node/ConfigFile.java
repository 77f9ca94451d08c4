package dev.cis.node;

import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** Writes {@code config.toml}: the first one, and new labels into an existing one. */
public final class ConfigFile {
  private ConfigFile() {}

  /** Writes the file of a new node unless there is one; false if there was. */
  public static boolean create(Home home, String name, SortedMap<String, String> labels) {
    if (Files.exists(home.config())) {
      return false;
    }
    var lines = new ArrayList<String>();
    lines.add("# Configuration of this node; every key is in docs/reference/configuration.md.");
    lines.add("# What is not set here has its default: 'cis config show' lists all.");
    lines.add("");
    lines.add("[node]");
    lines.add((name.isEmpty() ? "# name = " : "name = ") + ValueType.quote(name));
    lines.add("");
    lines.add("[p2p]");
    lines.add("# listen_port = 7677");
    lines.add("# external_address = \"203.0.113.1:7677\"");
    lines.add("");
    lines.add("[p2p.bootstrap]");
    lines.add("nodes = []");
    lines.add("");
    lines.addAll(table(labels));
    home.writeNew(home.config(), String.join("\n", lines) + "\n");
    return true;
  }

  /** Replaces the table {@code [labels]} and leaves every other line as it is. */
  public static void writeLabels(Home home, SortedMap<String, String> labels) {
    try {
      var kept = new ArrayList<String>();
      boolean inside = false;
      for (var line : readLines(home.config())) {
        if (line.strip().startsWith("[")) {
          inside = line.strip().startsWith("[labels]");
        }
        if (!inside) {
          kept.add(line);
        }
      }
      while (!kept.isEmpty() && kept.getLast().isBlank()) {
        kept.removeLast();
      }
      kept.add("");
      kept.addAll(table(labels));
      var draft = home.config().resolveSibling(".config.toml.new");
      Files.write(draft, kept);
      Files.move(draft, home.config(), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new Fault(NodeCode.BAD_HOME, "cannot write " + home.config() + ": " + e, e);
    }
  }

  private static List<String> readLines(Path file) throws IOException {
    return Files.exists(file) ? Files.readAllLines(file) : List.of();
  }

  private static List<String> table(Map<String, String> labels) {
    var lines = new ArrayList<String>();
    lines.add("[labels]");
    labels.forEach((k, v) -> lines.add(ValueType.quote(k) + " = " + ValueType.quote(v)));
    return lines;
  }
}
