package dev.cis.deploy.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Resource limits by Linux control groups: one group {@code cis/<name>} per run under version 2
 * (cgroup-v2.rst) where its controllers are available, else per controller under version 1
 * (cgroup-v1/memory.rst, pids.rst, scheduler/sched-bwc.rst). What cannot be enforced is said.
 */
final class ControlGroups {
  private static final long PERIOD_MICROS = 100_000;
  private final Path root;

  ControlGroups(Path root) {
    this.root = root;
  }

  /** The files into which the process writes its id, and what to say of the limits. */
  record Placement(List<Path> files, String said) {}

  Placement place(String name, LaunchSpec.Limits limits) {
    if (limits.isNone()) {
      return new Placement(List.of(), "");
    }
    var files = new ArrayList<Path>();
    var said = new ArrayList<String>();
    if (limits.memoryBytes() > 0) {
      var value = Long.toString(limits.memoryBytes());
      apply(
          "memory",
          name,
          "memory.limit_in_bytes",
          value,
          "memory.max",
          value,
          files,
          said,
          "memory " + value);
    }
    if (limits.cpus() > 0) {
      long quota = Math.max(1000, Math.round(limits.cpus() * PERIOD_MICROS));
      apply(
          "cpu",
          name,
          "cpu.cfs_quota_us",
          Long.toString(quota),
          "cpu.max",
          quota + " " + PERIOD_MICROS,
          files,
          said,
          "cpu " + limits.cpus());
    }
    if (limits.processes() > 0) {
      var value = Long.toString(limits.processes());
      apply("pids", name, "pids.max", value, "pids.max", value, files, said, "processes " + value);
    }
    return new Placement(files, String.join(", ", said));
  }

  private void apply(
      String controller,
      String name,
      String v1File,
      String v1Value,
      String v2File,
      String v2Value,
      List<Path> files,
      List<String> said,
      String what) {
    try {
      boolean v2 = isVersion2(controller);
      var group = (v2 ? root : root.resolve(controller)).resolve("cis").resolve(name);
      if (!v2 && !Files.isDirectory(root.resolve(controller))) {
        throw new IOException("no " + controller + " controller");
      }
      Files.createDirectories(group.getParent());
      if (v2) {
        // A controller works in a group only when the parents delegate it.
        Files.writeString(root.resolve("cgroup.subtree_control"), "+" + controller);
        Files.writeString(root.resolve("cis/cgroup.subtree_control"), "+" + controller);
      }
      Files.createDirectories(group);
      Files.writeString(group.resolve(v2 ? v2File : v1File), v2 ? v2Value : v1Value);
      var procs = group.resolve("cgroup.procs");
      if (!files.contains(procs)) {
        files.add(procs);
      }
      said.add(what);
    } catch (IOException | UnsupportedOperationException e) {
      said.add(what + " limit not enforced (" + reason(e) + ")");
    }
  }

  private boolean isVersion2(String controller) throws IOException {
    var file = root.resolve("cgroup.controllers");
    return Files.exists(file)
        && List.of(Files.readString(file).strip().split("\\s+")).contains(controller);
  }

  /** Where the groups of that name would be. */
  List<Path> directories(String name) {
    return List.of(
        root.resolve("cis").resolve(name),
        root.resolve("memory/cis").resolve(name),
        root.resolve("cpu/cis").resolve(name),
        root.resolve("pids/cis").resolve(name));
  }

  /** Removes the groups of a run that is over. */
  static void remove(List<Path> directories) throws InterruptedException {
    for (var directory : directories) {
      // rmdir. A group is empty only when its last process has been waited for, a moment later.
      for (int i = 0; i < 100 && directory.toFile().exists(); i++) {
        if (!directory.toFile().delete()) {
          Thread.sleep(10);
        }
      }
    }
  }

  private static String reason(Exception e) {
    return e instanceof java.nio.file.AccessDeniedException
        ? "not allowed"
        : e.getClass().getSimpleName() + ": " + e.getMessage();
  }
}
