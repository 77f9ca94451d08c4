package dev.cis.deploy.run;

import dev.cis.deploy.proto.DeployCode;
import dev.cis.deploy.proto.LogStream;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.time.Now;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The process of an application and everything it has started. Used by one thread. */
final class AppProcess {
  private static final Duration KILL = Duration.ofSeconds(10);
  private static final Duration BEGIN = Duration.ofSeconds(5);
  private static final long LOOK_MILLIS = 50;

  private final String app;
  private final Path home;
  private final String node;
  private final AppLogs logs;
  private final ControlGroups groups;
  private final Supplier<Now> clock;
  private final Launcher launcher = new Launcher();
  private @Nullable RunDirectory run;
  private volatile @Nullable LaunchSpec spec;
  private long pid;

  /** What became of the last run. */
  enum Found {
    RUNNING,
    ENDED_WELL,
    NOT_RUNNING
  }

  AppProcess(
      String app, Path home, String node, AppLogs logs, ControlGroups groups, Supplier<Now> clock) {
    this.app = app;
    this.home = home;
    this.node = node;
    this.logs = logs;
    this.groups = groups;
    this.clock = clock;
  }

  boolean isHeld() {
    return run != null;
  }

  boolean isAlive() {
    return run != null && run.isAlive();
  }

  long pid() {
    return pid;
  }

  Instant startedAt() {
    return run == null ? clock.get().wall() : run.startedAt();
  }

  String limits() {
    return run == null ? "" : run.limits();
  }

  /** Looks for a process of an earlier daemon, and adopts it if it is of the wanted release. */
  Found takeUp(LaunchSpec wanted) throws InterruptedException, IOException {
    var latest = RunDirectory.latest(runs());
    if (latest.isEmpty()) {
      return Found.NOT_RUNNING;
    }
    run = latest.get();
    awaitBegin(run);
    if (run.isAlive() && run.release().equals(wanted.release())) {
      spec = wanted;
      pid = run.stat().map(stat -> ProcessTree.firstChild(stat.pid())).orElse(0L);
      pause().resume(); // the daemon may have been killed while it rotated a log
      return Found.RUNNING;
    }
    boolean endedWell =
        !run.isAlive()
            && !run.isSeen()
            && run.release().equals(wanted.release())
            && run.exitStatus().filter(status -> status == 0).isPresent();
    var _ = stop(null);
    return endedWell ? Found.ENDED_WELL : Found.NOT_RUNNING;
  }

  /** A shell that has begun writes at once who it is; one that has not must never begin. */
  private static void awaitBegin(RunDirectory run) throws InterruptedException, IOException {
    if (run.forestall()) {
      return;
    }
    long end = System.nanoTime() + BEGIN.toNanos();
    while (run.stat().isEmpty() && run.exitStatus().isEmpty() && !run.isSeen()) {
      if (System.nanoTime() > end) {
        return; // killed in between, or another boot
      }
      Thread.sleep(LOOK_MILLIS);
    }
  }

  void launch(LaunchSpec wanted) throws InterruptedException, IOException {
    spec = wanted;
    if (!Files.isDirectory(wanted.directory())) {
      throw new Fault(DeployCode.START_FAILED, "nothing is unpacked at " + wanted.directory());
    }
    var trouble = hook("pre_start", wanted.hooks().preStart(), wanted);
    if (trouble.isPresent()) {
      throw new Fault(DeployCode.HOOK_FAILED, trouble.get());
    }
    var mark = "CIS_RUN=" + UUID.randomUUID();
    var next = RunDirectory.create(runs(), wanted.release(), mark);
    var placed = groups.place(groupName(next), wanted.limits());
    next.limits(placed.said());
    run = next;
    var environment = environment(wanted);
    environment.put("CIS_RUN", mark.substring("CIS_RUN=".length()));
    var stat =
        launcher.launch(
            wanted,
            next,
            environment,
            placed.files(),
            logs.file(LogStream.STDOUT).active().toFile(),
            logs.file(LogStream.STDERR).active().toFile());
    pid = firstChildSoon(stat.pid());
  }

  /** The shell needs a moment to fork; its own id will do if the application is over already. */
  private long firstChildSoon(long shell) throws InterruptedException {
    for (int i = 0; i < 20; i++) {
      long child = ProcessTree.firstChild(shell);
      if (child != shell || !isAlive()) {
        return child;
      }
      Thread.sleep(5);
    }
    return shell;
  }

  /**
   * Stops everything of the last run: pre_stop, SIGTERM, grace, SIGKILL until nothing is left.
   *
   * @return the exit status if it is known
   */
  Optional<Integer> stop(@Nullable LaunchSpec wanted) throws InterruptedException, IOException {
    if (run == null) {
      var latest = RunDirectory.latest(runs());
      if (latest.isEmpty()) {
        return Optional.empty();
      }
      run = latest.get();
      awaitBegin(run);
    }
    var known = wanted == null ? spec : wanted;
    if (run.isAlive() && known != null) {
      hook("pre_stop", known.hooks().preStop(), known).ifPresent(this::note);
    }
    var members = members(run);
    if (!members.isEmpty()) {
      pause().resume();
      members.forEach(member -> signal(member, false));
      var grace = known == null ? Duration.ofSeconds(10) : known.stopGrace();
      await(run, grace);
    }
    return cleanUp(known);
  }

  /** Kills what is left of the run and lets go of it. */
  Optional<Integer> cleanUp(@Nullable LaunchSpec known) throws InterruptedException, IOException {
    var over = java.util.Objects.requireNonNull(run);
    long end = System.nanoTime() + KILL.toNanos();
    for (var left = members(over); !left.isEmpty(); left = members(over)) {
      left.forEach(member -> signal(member, true));
      if (System.nanoTime() > end) {
        throw new Fault(
            DeployCode.STORE_FAILED, left.size() + " processes of " + app + " cannot be killed");
      }
      Thread.sleep(LOOK_MILLIS);
    }
    var status = over.exitStatus();
    boolean ran = !over.isSeen() && over.stat().isPresent();
    over.see();
    var name = groupName(over);
    ControlGroups.remove(groups.directories(name));
    logs.observe();
    run = null;
    if (ran && known != null) {
      hook("post_stop", known.hooks().postStop(), known).ifPresent(this::note);
    }
    return status;
  }

  /** Empty when it went well or there is none; else what went wrong, with the hook's output. */
  Optional<String> hook(String name, List<String> command, LaunchSpec wanted)
      throws InterruptedException {
    if (command.isEmpty() || !Files.isDirectory(wanted.directory())) {
      return Optional.empty();
    }
    var outcome =
        ShortCommand.run(
            command, wanted.directory(), environment(wanted), scratch(), wanted.hooks().timeout());
    if (!outcome.output().isEmpty()) {
      note(name + ": " + outcome.output());
    }
    return outcome.ok()
        ? Optional.empty()
        : Optional.of(
            "hook " + name + " ended with status " + outcome.status() + ": " + outcome.output());
  }

  String probe(HealthCheck check) throws InterruptedException {
    var known = spec;
    return known == null
        ? "it does not run"
        : HealthProbe.look(check, known.directory(), environment(known), scratch());
  }

  /** Stops and continues all processes of the run, while a log that they write is truncated. */
  LogFile.Pause pause() {
    return new LogFile.Pause() {
      @Override
      public void stop() {
        kill("-STOP");
      }

      @Override
      public void resume() {
        kill("-CONT");
      }
    };
  }

  private void kill(String signal) {
    if (run == null) {
      return;
    }
    var command = new ArrayList<>(List.of("/bin/kill", signal));
    if (!Files.isExecutable(Path.of("/bin/kill"))) {
      command.set(0, "kill");
    }
    members(run).forEach(member -> command.add(Long.toString(member.pid())));
    if (command.size() == 2) {
      return;
    }
    try {
      new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      note("cannot send " + signal + ": " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void await(RunDirectory over, Duration time) throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    while (!members(over).isEmpty() && System.nanoTime() < end) {
      Thread.sleep(LOOK_MILLIS);
    }
  }

  /** The session's number is believed only while the shell that leads it is ours to be seen. */
  private static List<ProcessTree.Stat> members(RunDirectory run) {
    long session = run.isAlive() ? run.stat().map(ProcessTree.Stat::pid).orElse(0L) : 0;
    return ProcessTree.members(session, run.mark());
  }

  private static void signal(ProcessTree.Stat member, boolean kill) {
    ProcessHandle.of(member.pid())
        .ifPresent(handle -> {
          boolean _ = kill ? handle.destroyForcibly() : handle.destroy();
        });
  }

  private void note(String text) {
    logs.event(clock.get().wall() + " " + text);
  }

  private Map<String, String> environment(LaunchSpec wanted) {
    var environment = new HashMap<String, String>();
    var data = home.resolve("data");
    environment.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    environment.put("LANG", "C.UTF-8");
    environment.put("HOME", data.toString());
    environment.put("CIS_DATA_DIR", data.toString());
    environment.putAll(wanted.env());
    environment.put("CIS_APP", app);
    environment.put("CIS_VERSION", wanted.version());
    environment.put("CIS_NODE", node);
    try {
      Files.createDirectories(data);
    } catch (IOException e) {
      throw new Fault(DeployCode.STORE_FAILED, "cannot make " + data + ": " + e, e);
    }
    return environment;
  }

  private String groupName(RunDirectory of) {
    return app + "-" + of.mark().replaceAll("[^0-9a-f]", "");
  }

  private Path runs() {
    return home.resolve("run");
  }

  private Path scratch() {
    return home.resolve("scratch");
  }
}
