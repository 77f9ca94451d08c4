package dev.cis.deploy.run;

import dev.cis.deploy.proto.DeployCode;
import dev.cis.kernel.fault.Fault;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * Starts processes so that they outlive the daemon and are found again.
 *
 * <p>Between the fork and the moment at which the daemon could write down the process id, the
 * daemon can be killed. Therefore the process writes it itself: the shell below first claims the
 * run (a daemon that was restarted meanwhile and gave the run up has claimed it before), then
 * writes who it is (with a builtin, so that its only child ever seen is the application), enters
 * its control groups, and only then runs the application as its child. It stays to write down the
 * exit status even when no daemon is there. SIGTERM is caught, not ignored, so that the application
 * starts with the default action (POSIX sh, trap).
 */
final class Launcher {
  private static final Duration BEGIN = Duration.ofSeconds(20);
  private static final String SHELL =
      """
      dir=$1; shift
      mkdir "$dir/claim" 2>/dev/null || exit 0
      read -r boot < /proc/sys/kernel/random/boot_id
      read -r stat < /proc/$$/stat
      printf '%s\\n%s\\n' "$boot" "$stat" > "$dir/stat" || exit 1
      while [ "$1" != -- ]; do echo $$ > "$1"; shift; done
      shift
      trap : TERM INT HUP QUIT
      "$@"
      status=$?
      echo $status > "$dir/exit.new" && mv "$dir/exit.new" "$dir/exit"
      exit $status
      """;

  private final List<String> prefix = new ArrayList<>();

  Launcher() {
    find("setsid").ifPresent(prefix::add);
  }

  /** Starts the run's process and returns once it has written down who it is. */
  ProcessTree.Stat launch(
      LaunchSpec spec,
      RunDirectory run,
      Map<String, String> environment,
      List<Path> groups,
      File stdout,
      File stderr)
      throws InterruptedException {
    var program = program(spec.entrypoint(), spec.directory());
    if (!Files.isExecutable(program)) {
      throw new Fault(
          DeployCode.START_FAILED,
          "the entrypoint '" + spec.entrypoint() + "' of " + spec.app() + " is no executable file");
    }
    var command = new ArrayList<>(prefix);
    command.addAll(List.of("/bin/sh", "-c", SHELL, "cis-app", run.path().toString()));
    groups.forEach(group -> command.add(group.toString()));
    command.add("--");
    find("setpriv").ifPresent(tool -> command.addAll(List.of(tool, "--no-new-privs", "--")));
    command.add(program.toString());
    command.addAll(spec.args());
    var builder = new ProcessBuilder(command).directory(spec.directory().toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.redirectInput(new File("/dev/null"));
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(stdout));
    builder.redirectError(ProcessBuilder.Redirect.appendTo(stderr));
    try {
      var process = builder.start();
      return await(run, process);
    } catch (IOException e) {
      throw new Fault(
          DeployCode.START_FAILED, "cannot start " + spec.app() + ": " + e.getMessage(), e);
    }
  }

  private static ProcessTree.Stat await(RunDirectory run, Process process)
      throws InterruptedException {
    long end = System.nanoTime() + BEGIN.toNanos();
    while (true) {
      var stat = run.stat();
      if (stat.isPresent()) {
        return stat.get();
      }
      if (!process.isAlive() || System.nanoTime() > end) {
        process.destroyForcibly();
        throw new Fault(
            DeployCode.START_FAILED, "the shell of the application did not begin; see its logs");
      }
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      LockSupport.parkNanos(2_000_000);
    }
  }

  /**
   * A path inside the directory, or the absolute path that the manifest names. A relative one that
   * leads out of the directory is refused.
   */
  private static Path program(String name, Path directory) {
    var named = Path.of(name);
    if (named.isAbsolute()) {
      return named;
    }
    var program = directory.resolve(named).normalize();
    if (!program.startsWith(directory)) {
      throw new Fault(DeployCode.START_FAILED, "'" + name + "' leads out of its package");
    }
    return program;
  }

  static List<String> resolve(List<String> command, Path directory) {
    var resolved = new ArrayList<>(command);
    resolved.set(0, program(command.getFirst(), directory).toString());
    return resolved;
  }

  static java.util.Optional<String> find(String tool) {
    return List.of("/usr/bin/", "/bin/", "/usr/local/bin/").stream()
        .map(directory -> directory + tool)
        .filter(path -> Files.isExecutable(Path.of(path)))
        .findFirst();
  }
}
