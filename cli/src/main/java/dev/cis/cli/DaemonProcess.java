package dev.cis.cli;

import dev.cis.api.ControlClient;
import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.node.Home;
import dev.cis.node.HomeLock;
import dev.cis.node.NodeCode;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The daemon seen from a terminal: starts it as a process of its own, and stops it. */
final class DaemonProcess {
  private static final Duration START = Duration.ofSeconds(90);
  private static final Duration STOP = Duration.ofSeconds(60);
  private static final int LOOK_MILLIS = 20;

  /**
   * Small heap, small stacks, one compiler, few arenas: an idle node should cost little. What a
   * machine has more of can be given with CIS_DAEMON_OPTS.
   */
  private static final List<String> FLAGS =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-XX:-UsePerfData",
          "-Xms8m",
          "-Xss512k",
          "-XX:MinHeapFreeRatio=10",
          "-XX:MaxHeapFreeRatio=20",
          "-XX:ReservedCodeCacheSize=24m",
          "-XX:+ExitOnOutOfMemoryError",
          "-Dio.netty.allocator.type=pooled",
          "-Dio.netty.allocator.numDirectArenas=1",
          "-Dio.netty.allocator.numHeapArenas=0",
          "-Dio.netty.allocator.maxOrder=3",
          "-Dio.netty.eventLoopThreads=1",
          "-Djava.net.preferIPv4Stack=false",
          "--enable-native-access=ALL-UNNAMED",
          "-Xlog:disable",
          "-Xlog:all=error:stderr");

  private static final List<String> HEAP = List.of("-Xmn4m", "-Xmx256m");

  /** Ten thousand nodes keep some 100 MB there; the rest is for what all of them do at once. */
  private static final List<String> ANCHOR_HEAP = List.of("-Xmn32m", "-Xmx1g");

  private DaemonProcess() {}

  /** Starts the daemon and waits until it is ready. */
  static int start(Cis cis, Map<String, String> options, boolean anchor)
      throws InterruptedException {
    var home = cis.home();
    var client = new ControlClient(home);
    refuseSecond(home, client);
    home.create();
    var _ = home.readIdentity(); // a missing or open key is better reported from here
    var process = spawn(cis, options, flags(cis.environment(), anchor));
    long deadline = System.nanoTime() + START.toNanos();
    while (!process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
      if (client.isRunning()) {
        return ready(cis, client);
      }
      if (System.nanoTime() > deadline) {
        process.destroy();
        throw new Fault(
            CliCode.NOT_READY,
            "the daemon was not ready within "
                + START.toSeconds()
                + " s and was stopped; see "
                + home.log());
      }
    }
    return failed(cis, process.exitValue());
  }

  private static void refuseSecond(Home home, ControlClient client) {
    if (client.isRunning()) {
      throw new Fault(
          NodeCode.ALREADY_RUNNING,
          "a daemon is already running for "
              + home
              + HomeLock.holder(home).map(pid -> " (pid " + pid + ")").orElse("")
              + ": stop it with 'cis p2p stop' or choose another --home");
    }
  }

  /** What the virtual machine is told; CIS_DAEMON_OPTS comes last and so has the last word. */
  static List<String> flags(Map<String, String> environment, boolean anchor) {
    var flags = new ArrayList<>(FLAGS);
    flags.addAll(anchor ? ANCHOR_HEAP : HEAP);
    var more = environment.getOrDefault("CIS_DAEMON_OPTS", "").strip();
    if (!more.isEmpty()) {
      flags.addAll(List.of(more.split("\\s+")));
    }
    return flags;
  }

  private static Process spawn(Cis cis, Map<String, String> options, List<String> flags) {
    var home = cis.home();
    var command = new ArrayList<String>();
    // A session of its own: closing the terminal or Ctrl-C in it does not end the daemon.
    if (Files.isExecutable(Path.of("/usr/bin/setsid"))) {
      command.add("/usr/bin/setsid");
    }
    command.addAll(List.of("/bin/sh", "-c", "trap '' HUP INT; exec \"$@\"", "cis"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of("--home", home.toString()));
    command.addAll(StartCommand.words(options));
    try {
      var builder = new ProcessBuilder(command).redirectInput(new java.io.File("/dev/null"));
      builder.redirectOutput(Redirect.to(home.standardStreams().toFile()));
      builder.redirectErrorStream(true);
      builder.directory(home.directory().toFile());
      builder.environment().put("MALLOC_ARENA_MAX", "1");
      builder.environment().put("CIS_TTY", "");
      builder.environment().put(Daemon.BACKGROUND, "1");
      builder.environment().remove("CIS_JAVA_OPTS");
      return builder.start();
    } catch (IOException e) {
      throw new Fault(NodeCode.START_FAILED, "cannot start the daemon's process: " + e, e);
    }
  }

  private static int ready(Cis cis, ControlClient client) {
    var status = client.call(new Request.Status(), Result.Status.class);
    if (cis.json()) {
      cis.screen().json(status);
    } else {
      cis.screen().line("node " + status.name() + " is up (pid " + status.pid() + ")");
      cis.screen()
          .fields(
              "node", status.node(),
              "listen", String.join(" ", status.listen()),
              "addresses", String.join(" ", status.addresses()));
    }
    return 0;
  }

  /** Shows what the daemon said before it ended. */
  private static int failed(Cis cis, int exitCode) {
    var said = "";
    try {
      said = Files.readString(cis.home().standardStreams()).strip();
    } catch (IOException e) {
      said = "cis: the daemon ended with exit code " + exitCode + "; see " + cis.home().log();
    }
    cis.screen()
        .note(
            said.isEmpty()
                ? "cis: the daemon ended with exit code " + exitCode + "; see " + cis.home().log()
                : said);
    return exitCode == 0 ? Kind.INTERNAL.exitCode() : exitCode;
  }

  /** Asks the daemon to stop and waits until its process has ended. */
  static void stop(Cis cis) throws InterruptedException {
    var home = cis.home();
    var pid = HomeLock.holder(home);
    var answer = cis.client().call(new Request.Stop(), Result.Done.class);
    var process = pid.flatMap(ProcessHandle::of);
    if (process.isPresent() && !ended(process)) {
      throw new Fault(
          CliCode.NOT_STOPPED,
          "the daemon (pid "
              + process.get().pid()
              + ") is still there after "
              + STOP.toSeconds()
              + " s; see "
              + home.log());
    }
    if (cis.json()) {
      cis.screen().json(answer);
    } else {
      cis.screen().line("stopped");
    }
  }

  private static boolean ended(Optional<ProcessHandle> process) throws InterruptedException {
    try {
      var _ = process.orElseThrow().onExit().get(STOP.toSeconds(), TimeUnit.SECONDS);
      return true;
    } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
      return false;
    }
  }
}
