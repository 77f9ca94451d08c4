package dev.cis.deploy.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Looks into {@code /proc} (proc(5)) for all processes of one run: those of its session, those that
 * left the session but inherited the run's mark in their environment, and the children of both.
 */
final class ProcessTree {
  private static final Path PROC = Path.of("/proc");

  private ProcessTree() {}

  /**
   * One line of {@code /proc/PID/stat}.
   *
   * @param startTicks field 22: start time in clock ticks since boot; tells a process from a later
   *     one with the same id
   */
  record Stat(long pid, char state, long parent, long session, long startTicks) {
    boolean isDead() {
      return state == 'Z' || state == 'X';
    }

    /** The name in the second field may hold spaces and parentheses: fields begin behind it. */
    static Optional<Stat> parse(String line) {
      int open = line.indexOf('(');
      int close = line.lastIndexOf(')');
      if (open < 2 || close < open) {
        return Optional.empty();
      }
      var fields = line.substring(close + 1).strip().split(" ", -1);
      if (fields.length < 20) {
        return Optional.empty();
      }
      try {
        return Optional.of(
            new Stat(
                Long.parseLong(line.substring(0, open).strip()),
                fields[0].charAt(0),
                Long.parseLong(fields[1]),
                Long.parseLong(fields[3]),
                Long.parseLong(fields[19])));
      } catch (NumberFormatException e) {
        return Optional.empty();
      }
    }
  }

  /** The process with this id, dead ones that nobody waited for included. */
  static Optional<Stat> stat(long pid) {
    try {
      return Stat.parse(Files.readString(PROC.resolve(pid + "/stat"), StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Tells one boot of the machine from another; empty when the system has no such thing. */
  static String bootId() {
    try {
      return Files.readString(PROC.resolve("sys/kernel/random/boot_id")).strip();
    } catch (IOException e) {
      return "";
    }
  }

  /** The first child of a process: the application itself, below its shell. */
  static long firstChild(long pid) {
    return all().stream()
        .filter(stat -> stat.parent() == pid && !stat.isDead())
        .mapToLong(Stat::pid)
        .min()
        .orElse(pid);
  }

  /**
   * The living processes of a run.
   *
   * @param session the session, 0 when its number may belong to someone else by now
   * @param mark the run's {@code CIS_RUN=...}
   */
  static List<Stat> members(long session, String mark) {
    var all = all();
    Map<Long, List<Stat>> children = new HashMap<>();
    var found = new ArrayList<Stat>();
    Set<Long> seen = new HashSet<>();
    for (var stat : all) {
      children.computeIfAbsent(stat.parent(), parent -> new ArrayList<>()).add(stat);
      if (((session != 0 && stat.session() == session) || isMarked(stat.pid(), mark))
          && seen.add(stat.pid())) {
        found.add(stat);
      }
    }
    for (int i = 0; i < found.size(); i++) {
      for (var child : children.getOrDefault(found.get(i).pid(), List.of())) {
        if (seen.add(child.pid())) {
          found.add(child);
        }
      }
    }
    long own = ProcessHandle.current().pid();
    found.removeIf(stat -> stat.isDead() || stat.pid() == own);
    return found;
  }

  private static List<Stat> all() {
    var all = new ArrayList<Stat>();
    try (var entries = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (var entry : entries) {
        var name = entry.getFileName().toString();
        if (name.matches("\\d{1,18}")) {
          stat(Long.parseLong(name)).ifPresent(all::add);
        }
      }
    } catch (IOException e) {
      return List.of();
    }
    return all;
  }

  private static boolean isMarked(long pid, String mark) {
    try {
      var bytes = Files.readAllBytes(PROC.resolve(pid + "/environ"));
      var environment = new String(bytes, StandardCharsets.ISO_8859_1);
      return environment.startsWith(mark + "\0") || environment.contains("\0" + mark + "\0");
    } catch (IOException e) {
      return false; // gone, or someone else's
    }
  }
}
