package dev.cis.deploy.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.cis.deploy.Await;
import dev.cis.deploy.proto.LogQuery;
import dev.cis.deploy.proto.LogRecord;
import dev.cis.deploy.proto.ProcessReport;
import dev.cis.deploy.proto.RestartPolicy;
import dev.cis.kernel.time.Uptime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With real processes: scripts of sh. */
class SupervisorTest {
  private static final RestartPolicy.Numbers QUICK =
      new RestartPolicy.Numbers(
          Duration.ofMillis(10), Duration.ofMillis(50), 2, Duration.ofMinutes(10));

  @TempDir Path directory;
  private final List<ProcessReport> reports = new CopyOnWriteArrayList<>();
  private final List<Supervisor> supervisors = new ArrayList<>();

  @AfterEach
  void stopEverything() {
    var last = supervisors.getLast();
    last.stop("web", 99);
    await("everything stopped", ProcessReport.Stopped.class);
    supervisors.forEach(Supervisor::close);
  }

  @Test
  void aProcessStartsWithItsArgumentsEnvironmentAndDirectoryAndNothingOfOurs() throws Exception {
    var spec =
        spec(
            "echo \"args $*\"; echo \"var $GREETING\"; pwd; echo \"home ${HOME}\"; "
                + "echo \"java [$JAVA_HOME]\"; exec sleep 60");
    var supervisor = supervisor();
    supervisor.start(spec, 1);
    await("healthy", ProcessReport.Healthy.class);
    assertThat(lines(supervisor))
        .contains("args a b c", "var hello", spec.directory().toString(), "java []")
        .contains("home " + supervisor.home("web").resolve("data"));
  }

  @Test
  void aFailingProcessIsStartedAgainAndThenGivenUpWithItsLastLines() throws Exception {
    var supervisor = supervisor();
    supervisor.start(spec("echo trying; echo broken >&2; exit 3"), 1);
    await("failed", ProcessReport.Failed.class);
    assertThat(reports.stream().filter(ProcessReport.Restarting.class::isInstance)).hasSize(2);
    var failed = first(ProcessReport.Failed.class);
    assertThat(failed.exitStatus()).isEqualTo(3);
    assertThat(failed.lastLines()).contains("trying", "broken");
    assertThat(supervisor.ended("web").orElseThrow().exitStatus()).isEqualTo(3);
  }

  @Test
  void aProcessThatEndsWellIsNotStartedAgain() throws Exception {
    var supervisor = supervisor();
    supervisor.start(spec("echo done"), 1);
    await("ended", ProcessReport.Ended.class);
    assertThat(reports).noneMatch(ProcessReport.Restarting.class::isInstance);
    assertThat(lines(supervisor)).contains("done");
  }

  @Test
  void aMissingEntrypointIsAFailureThatSaysSo() throws Exception {
    var supervisor = supervisor();
    var spec = spec("true");
    Files.delete(spec.directory().resolve("run.sh"));
    supervisor.start(spec, 1);
    await("failed", ProcessReport.Failed.class);
    assertThat(first(ProcessReport.Failed.class).reason()).contains("run.sh", "no executable");
  }

  @Test
  void anApplicationOutlivesTheDaemonAndIsAdoptedByTheNext() throws Exception {
    var spec = spec("i=0; while true; do echo line $i; i=$((i+1)); sleep 0.05; done");
    var first = supervisor();
    first.start(spec, 1);
    await("started", ProcessReport.Started.class);
    long pid = first(ProcessReport.Started.class).pid();
    first.close();
    reports.clear();
    assertThat(ProcessHandle.of(pid).map(ProcessHandle::isAlive)).contains(true);
    var second = supervisor();
    second.start(spec, 7);
    await("adopted", ProcessReport.Started.class);
    assertThat(first(ProcessReport.Started.class).pid()).isEqualTo(pid);
    var lines = lines(second).stream().filter(line -> line.startsWith("line ")).toList();
    for (int i = 0; i < lines.size(); i++) {
      assertThat(lines.get(i)).isEqualTo("line " + i);
    }
  }

  @Test
  void anEndThatNobodyWatchedIsKnownAfterwards() throws Exception {
    var go = directory.resolve("go");
    var spec = spec("while [ ! -e " + go + " ]; do sleep 0.02; done; exit 0");
    var first = supervisor();
    first.start(spec, 1);
    await("started", ProcessReport.Started.class);
    long pid = first(ProcessReport.Started.class).pid();
    first.close();
    Files.createFile(go);
    Await.until("the process is gone", () -> isGone(pid));
    var exit = first.home("web").resolve("run/1/exit");
    Await.until("its status is written", () -> Files.exists(exit));
    var second = supervisor();
    second.start(spec, 2);
    await("ended", ProcessReport.Ended.class);
  }

  @Test
  void anotherReleaseThatStillRunsIsStoppedFirst() throws Exception {
    var spec = spec("exec sleep 61");
    var first = supervisor();
    first.start(spec, 1);
    await("started", ProcessReport.Started.class);
    long pid = first(ProcessReport.Started.class).pid();
    first.close();
    reports.clear();
    var second = supervisor();
    second.start(released(spec, "2.0.0-b"), 2);
    await("started", ProcessReport.Started.class);
    assertThat(isGone(pid)).isTrue();
    assertThat(first(ProcessReport.Started.class).pid()).isNotEqualTo(pid);
  }

  @Test
  void stoppingKillsChildrenThatIgnoreSignalsAndThoseThatHide() throws Exception {
    var spec =
        spec(
            "trap '' TERM INT HUP\n"
                + "sh -c 'trap \"\" TERM; while true; do sleep 1; done' &\n"
                + "echo child $!\n"
                // forks twice and begins a session of its own
                + "setsid sh -c 'sleep 62 & echo hidden $!; wait' &\n"
                + "while true; do sleep 1; done");
    var supervisor = supervisor();
    supervisor.start(spec, 1);
    Await.until(
        "both children said who they are",
        () ->
            lines(supervisor).stream().filter(l -> l.matches("(child|hidden) \\d+")).count() == 2);
    var pids = new ArrayList<Long>();
    lines(supervisor).stream()
        .filter(l -> l.matches("(child|hidden) \\d+"))
        .forEach(l -> pids.add(Long.parseLong(l.replaceAll("\\D", ""))));
    pids.add(first(ProcessReport.Started.class).pid());
    supervisor.stop("web", 2);
    await("stopped", ProcessReport.Stopped.class);
    assertThat(pids).hasSize(3).allMatch(SupervisorTest::isGone);
  }

  @Test
  void aProcessThatEndsOnSigtermIsNotKilled() throws Exception {
    var supervisor = supervisor();
    supervisor.start(
        spec("trap 'echo bye; exit 0' TERM; echo ready; while true; do sleep 0.05; done"), 1);
    Await.until("ready", () -> lines(supervisor).contains("ready"));
    supervisor.stop("web", 2);
    await("stopped", ProcessReport.Stopped.class);
    assertThat(lines(supervisor)).contains("bye");
  }

  @Test
  void healthIsAskedOverHttpAndTheAnswerIsTheReason() throws Exception {
    var answer = new AtomicInteger(200);
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/health",
        exchange -> {
          var body = "database gone".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(answer.get(), body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    try {
      var url = "http://127.0.0.1:" + server.getAddress().getPort() + "/health";
      var spec = with(spec("exec sleep 63"), check(HealthCheck.Type.HTTP, url, List.of()));
      var supervisor = supervisor();
      supervisor.start(spec, 1);
      await("healthy", ProcessReport.Healthy.class);
      answer.set(503);
      await("unhealthy", ProcessReport.Unhealthy.class);
      assertThat(first(ProcessReport.Unhealthy.class).reason())
          .contains("unhealthy because", "503", "database gone");
      await("restarted", ProcessReport.Restarting.class);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void aCommandIsAHealthCheckToo() throws Exception {
    var check = check(HealthCheck.Type.EXEC, "", List.of("/bin/sh", "-c", "echo no disk; exit 4"));
    var supervisor = supervisor();
    supervisor.start(with(spec("exec sleep 64"), check), 1);
    await("unhealthy", ProcessReport.Unhealthy.class);
    assertThat(first(ProcessReport.Unhealthy.class).reason()).contains("status 4", "no disk");
  }

  @Test
  void hooksRunAroundStartAndStop() throws Exception {
    var log = directory.resolve("hooks");
    var spec = spec("echo main >> " + log + "; exec sleep 65");
    var hooks =
        new LaunchSpec.Hooks(
            say("pre_start", log),
            say("post_start", log),
            say("pre_stop", log),
            say("post_stop", log),
            Duration.ofSeconds(20));
    var supervisor = supervisor();
    supervisor.start(with(spec, hooks), 1);
    await("healthy", ProcessReport.Healthy.class);
    supervisor.stop("web", 2);
    await("stopped", ProcessReport.Stopped.class);
    assertThat(Files.readAllLines(log))
        .containsExactlyInAnyOrder("pre_start", "main", "post_start", "pre_stop", "post_stop")
        .startsWith("pre_start")
        .endsWith("pre_stop", "post_stop");
  }

  @Test
  void aFailingPreStartHookKeepsTheApplicationFromStarting() throws Exception {
    var hook = List.of("/bin/sh", "-c", "echo no licence; exit 1");
    var hooks = new LaunchSpec.Hooks(hook, List.of(), List.of(), List.of(), Duration.ofSeconds(20));
    var supervisor = supervisor();
    supervisor.start(with(spec("echo started"), hooks), 1);
    await("failed", ProcessReport.Failed.class);
    assertThat(first(ProcessReport.Failed.class).reason()).contains("pre_start", "no licence");
    assertThat(lines(supervisor)).doesNotContain("started");
  }

  @Test
  void limitsThatCannotBeEnforcedAreSaid() throws Exception {
    var supervisor =
        new Supervisor(
            directory.resolve("apps"),
            "node",
            new Supervisor.Settings(1 << 20, 3),
            Uptime.CLOCK,
            new SplittableRandom(1),
            (app, generation, report) -> reports.add(report),
            directory.resolve("nothing"));
    supervisors.add(supervisor);
    supervisor.start(with(spec("exec sleep 66"), new LaunchSpec.Limits(1 << 26, 0.5, 20)), 1);
    await("started", ProcessReport.Started.class);
    assertThat(first(ProcessReport.Started.class).limits())
        .contains("memory 67108864 limit not enforced")
        .contains("cpu 0.5 limit not enforced");
  }

  @Test
  void limitsAreEnforcedWhereControlGroupsAreWritable() throws Exception {
    var group = Path.of("/sys/fs/cgroup/memory");
    org.junit.jupiter.api.Assumptions.assumeTrue(
        Files.isWritable(group.resolve("cgroup.procs")),
        "needs writable control groups, version 1");
    var supervisor = supervisor();
    supervisor.start(with(spec("exec sleep 68"), new LaunchSpec.Limits(1 << 26, 0.5, 20)), 1);
    await("started", ProcessReport.Started.class);
    var started = first(ProcessReport.Started.class);
    assertThat(started.limits()).isEqualTo("memory 67108864, cpu 0.5, processes 20");
    var groups = Files.readString(Path.of("/proc/" + started.pid() + "/cgroup"));
    assertThat(groups).containsPattern("memory:/cis/web-").containsPattern("pids:/cis/web-");
    var name = groups.replaceAll("(?s).*memory:/cis/([^\n]*).*", "$1");
    var limit = group.resolve("cis").resolve(name).resolve("memory.limit_in_bytes");
    assertThat(Files.readString(limit).strip()).isEqualTo("67108864");
    supervisor.stop("web", 2);
    await("stopped", ProcessReport.Stopped.class);
    assertThat(group.resolve("cis").resolve(name)).doesNotExist();
  }

  @Test
  void onlyThisMachineIsAskedForHealthAndRedirectsAreNotFollowed() throws Exception {
    var asked = new AtomicInteger();
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          asked.incrementAndGet();
          exchange.getResponseHeaders().add("Location", "/elsewhere");
          exchange.sendResponseHeaders(302, -1);
          exchange.close();
        });
    server.start();
    try {
      int port = server.getAddress().getPort();
      assertThat(look(HealthCheck.Type.HTTP, "http://127.0.0.1:" + port + "/a")).isEmpty();
      assertThat(asked).hasValue(1);
      assertThat(look(HealthCheck.Type.TCP, "127.0.0.1:" + port)).isEmpty();
    } finally {
      server.stop(0);
    }
    assertThat(look(HealthCheck.Type.HTTP, "http://192.0.2.1/")).contains("not an address of this");
    assertThat(look(HealthCheck.Type.TCP, "192.0.2.1:80")).contains("not an address of this");
    assertThat(look(HealthCheck.Type.TCP, "127.0.0.1:1")).contains("127.0.0.1:1");
    assertThat(look(HealthCheck.Type.HTTP, "ftp://127.0.0.1/")).contains("not an http");
    assertThat(look(HealthCheck.Type.HTTP, "http://[")).isNotEmpty();
    assertThat(look(HealthCheck.Type.TCP, "127.0.0.1:99999")).isNotEmpty();
    supervisor();
  }

  private String look(HealthCheck.Type type, String target) throws InterruptedException {
    var check = check(type, target, List.of());
    return HealthProbe.look(check, directory, Map.of(), directory.resolve("scratch"));
  }

  @Test
  void followersSeeALineWithinThreeTenthsOfASecond() throws Exception {
    var trigger = directory.resolve("trigger");
    var supervisor = supervisor();
    supervisor.start(
        spec("while [ ! -e " + trigger + " ]; do sleep 0.01; done; echo now; exec sleep 67"), 1);
    await("started", ProcessReport.Started.class);
    var reading = supervisor.logs("web").orElseThrow().read(LogQuery.all("web").following());
    Files.createFile(trigger);
    long start = System.nanoTime();
    Await.until(
        "the line",
        () -> {
          for (var record = reading.next(); record != null; record = reading.next()) {
            if (record instanceof LogRecord.Line(_, _, var text) && text.equals("now")) {
              return true;
            }
          }
          return false;
        });
    // The reader itself adds nothing; the rest of the 300 ms is the follower's poll interval.
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
  }

  private Supervisor supervisor() {
    var supervisor =
        new Supervisor(
            directory.resolve("apps"),
            "node",
            new Supervisor.Settings(1 << 20, 3),
            Uptime.CLOCK,
            new SplittableRandom(1),
            (app, generation, report) -> reports.add(report));
    supervisors.add(supervisor);
    return supervisor;
  }

  private LaunchSpec spec(String script) throws IOException {
    var unpacked = Files.createDirectories(directory.toRealPath().resolve("unpacked"));
    var file = unpacked.resolve("run.sh");
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    return new LaunchSpec(
        "web",
        "1.0.0-a",
        "1.0.0",
        unpacked,
        "run.sh",
        List.of("a", "b", "c"),
        Map.of("GREETING", "hello"),
        LaunchSpec.Limits.NONE,
        HealthCheck.PROCESS,
        LaunchSpec.Hooks.NONE,
        LaunchSpec.Restart.ON_FAILURE,
        QUICK,
        Duration.ofSeconds(1));
  }

  private static LaunchSpec released(LaunchSpec s, String release) {
    return new LaunchSpec(
        s.app(),
        release,
        s.version(),
        s.directory(),
        s.entrypoint(),
        s.args(),
        s.env(),
        s.limits(),
        s.health(),
        s.hooks(),
        s.restart(),
        s.restarts(),
        s.stopGrace());
  }

  private static LaunchSpec with(LaunchSpec s, HealthCheck health) {
    return new LaunchSpec(
        s.app(),
        s.release(),
        s.version(),
        s.directory(),
        s.entrypoint(),
        s.args(),
        s.env(),
        s.limits(),
        health,
        s.hooks(),
        s.restart(),
        s.restarts(),
        s.stopGrace());
  }

  private static LaunchSpec with(LaunchSpec s, LaunchSpec.Hooks hooks) {
    return new LaunchSpec(
        s.app(),
        s.release(),
        s.version(),
        s.directory(),
        s.entrypoint(),
        s.args(),
        s.env(),
        s.limits(),
        s.health(),
        hooks,
        s.restart(),
        s.restarts(),
        s.stopGrace());
  }

  private static LaunchSpec with(LaunchSpec s, LaunchSpec.Limits limits) {
    return new LaunchSpec(
        s.app(),
        s.release(),
        s.version(),
        s.directory(),
        s.entrypoint(),
        s.args(),
        s.env(),
        limits,
        s.health(),
        s.hooks(),
        s.restart(),
        s.restarts(),
        s.stopGrace());
  }

  private static HealthCheck check(HealthCheck.Type type, String target, List<String> command) {
    return new HealthCheck(
        type,
        target,
        command,
        Duration.ofMillis(50),
        Duration.ofSeconds(5),
        2,
        Duration.ofMillis(100));
  }

  private static List<String> say(String what, Path log) {
    return List.of("/bin/sh", "-c", "echo " + what + " >> " + log);
  }

  private static List<String> lines(Supervisor supervisor) {
    var logs = supervisor.logs("web").orElseThrow();
    var reading = logs.read(LogQuery.all("web"));
    var lines = new ArrayList<String>();
    for (var record = reading.next(); record != null; record = reading.next()) {
      if (record instanceof LogRecord.Line(_, _, var text)) {
        lines.add(text);
      }
    }
    return lines;
  }

  private static boolean isGone(long pid) {
    return ProcessTree.stat(pid).map(ProcessTree.Stat::isDead).orElse(true);
  }

  private void await(String what, Class<? extends ProcessReport> type) {
    Await.until(
        () -> what + "; reports: " + reports, () -> reports.stream().anyMatch(type::isInstance));
  }

  /** The first report of its kind, waiting for it: a process is reported beside its first words. */
  private <T extends ProcessReport> T first(Class<T> type) {
    await(type.getSimpleName(), type);
    return reports.stream().filter(type::isInstance).map(type::cast).findFirst().orElseThrow();
  }
}
