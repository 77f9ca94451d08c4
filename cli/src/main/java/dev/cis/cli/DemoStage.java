package dev.cis.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.cis.kernel.fault.Fault;
import dev.cis.node.NodeCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Where the demo plays: a temporary directory, and nodes in it that are given real commands. */
final class DemoStage {
  private static final Duration COMMAND = Duration.ofSeconds(90);
  private static final Duration LOOK = Duration.ofMillis(150);
  private static final String APP = "hello";

  private final Path root;
  private final String launcher;
  private final java.io.PrintStream err;
  private final List<Player> players = new ArrayList<>();
  private final Set<Process> running = ConcurrentHashMap.newKeySet();
  private boolean ended;

  private DemoStage(Path root, String launcher, java.io.PrintStream err) {
    this.err = err;
    this.root = root;
    this.launcher = launcher;
  }

  /** What a command answered. */
  record Output(int exit, String out, String err) {}

  static DemoStage set(Cis cis) throws IOException {
    var launcher = cis.environment().get("CIS_LAUNCHER");
    if (launcher == null) {
      throw new Fault(NodeCode.START_FAILED, "run the demo with the launcher: ./cis demo");
    }
    return new DemoStage(Files.createTempDirectory("cis-demo-"), launcher, cis.screen().err);
  }

  Path root() {
    return root;
  }

  /** A label that only nodes of this demo have. */
  String label() {
    return "demo=" + root.getFileName().toString().replace("cis-demo-", "");
  }

  /** Whether mDNS can work at all: some interface other than loopback does multicast. */
  static boolean hasMulticast() {
    try {
      return NetworkInterface.networkInterfaces().anyMatch(DemoStage::doesMulticast);
    } catch (SocketException e) {
      return false;
    }
  }

  private static boolean doesMulticast(NetworkInterface each) {
    try {
      return each.isUp() && each.supportsMulticast() && !each.isLoopback();
    } catch (SocketException e) {
      return false;
    }
  }

  String command(String name) {
    return launcher + " --home " + root.resolve(name);
  }

  Player node(String name) {
    var player = new Player(name, root.resolve(name));
    players.add(player);
    return player;
  }

  /** A node and the one who types commands for it. */
  final class Player {
    private final String name;
    private final Path home;

    Player(String name, Path home) {
      this.name = name;
      this.home = home;
    }

    String name() {
      return name;
    }

    private ProcessBuilder builder(String... words) {
      var command = new ArrayList<String>(List.of(launcher, "--home", home.toString()));
      command.addAll(List.of(words));
      var builder = new ProcessBuilder(command).redirectInput(new java.io.File("/dev/null"));
      var environment = builder.environment();
      environment.put("CIS_BUILD", "never");
      environment.put("NO_COLOR", "1");
      environment.remove("CIS_HOME");
      return builder;
    }

    /** Types a command and waits for its end. */
    Output run(String... words) {
      return run(false, words);
    }

    private Output run(boolean lastly, String... words) {
      try {
        var err = Files.createTempFile(root, "err", "");
        var process = begin(builder(words).redirectError(err.toFile()), lastly);
        try {
          var out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
          if (!process.waitFor(COMMAND.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new Fault(CliCode.NOT_READY, String.join(" ", words) + " took too long");
          }
          return new Output(process.exitValue(), out, Files.readString(err));
        } finally {
          running.remove(process);
          Files.deleteIfExists(err);
        }
      } catch (IOException e) {
        throw new Fault(NodeCode.START_FAILED, "cannot run " + launcher + ": " + e, e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new Fault(CliCode.NOT_READY, "interrupted", e);
      }
    }

    /** The same for a command that has to succeed; its output. */
    String must(String... words) {
      var output = run(words);
      if (output.exit != 0) {
        throw new Fault(
            NodeCode.START_FAILED,
            name + ": 'cis " + String.join(" ", words) + "' failed: " + output.err.strip());
      }
      return output.out;
    }

    Map<String, Object> json(String... words) {
      var all = new ArrayList<>(List.of(words));
      all.add("--json");
      try {
        return JSON.std.mapFrom(must(all.toArray(String[]::new)));
      } catch (IOException e) {
        throw new Fault(NodeCode.START_FAILED, String.join(" ", words) + ": no JSON: " + e, e);
      }
    }

    List<String> connected() {
      return peers("p2p", "peers", "--connected");
    }

    boolean knows(String peer) {
      return peers("p2p", "peers").contains(peer);
    }

    private List<String> peers(String... words) {
      var names = new ArrayList<String>();
      if (json(words).get("peers") instanceof List<?> peers) {
        for (var peer : peers) {
          if (peer instanceof Map<?, ?> fields) {
            names.add(String.valueOf(fields.get("name")));
          }
        }
      }
      return names;
    }

    /** Where the others on this machine reach the node. */
    String address() {
      var listen = String.valueOf(json("p2p", "status").get("listen"));
      return "127.0.0.1:" + listen.replaceFirst("^.*:(\\d+)]$", "$1");
    }

    boolean await(Duration within, BooleanSupplier condition) throws InterruptedException {
      long deadline = System.nanoTime() + within.toNanos();
      while (!condition.getAsBoolean()) {
        if (System.nanoTime() > deadline) {
          return false;
        }
        Thread.sleep(LOOK);
      }
      return true;
    }

    /** Listens to a topic until closed; returns when the daemon has taken the subscription. */
    Ears listen(String topic) throws IOException, InterruptedException {
      var out = Files.createTempFile(root, "heard", "");
      var err = Files.createTempFile(root, "err", "");
      var process =
          begin(
              builder("p2p", "subscribe", topic, "--json")
                  .redirectOutput(Redirect.to(out.toFile()))
                  .redirectError(Redirect.to(err.toFile())),
              false);
      return new Ears(this, process, out, topic);
    }

    /** Prints the first lines of a command that goes on, then ends it. */
    void follow(int lines, Duration within, Consumer<String> print, String... words)
        throws IOException, InterruptedException {
      var process = begin(builder(words).redirectError(Redirect.DISCARD), false);
      var watchdog =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  if (!process.waitFor(within.toSeconds(), TimeUnit.SECONDS)) {
                    process.destroy();
                  }
                } catch (InterruptedException e) {
                  process.destroy();
                }
              });
      int seen = 0;
      try (var in =
          new BufferedReader(
              new java.io.InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        String line;
        while (seen < lines && (line = in.readLine()) != null) {
          print.accept(line);
          seen++;
        }
      } finally {
        watchdog.interrupt();
        process.destroy();
        running.remove(process);
      }
      if (seen < lines) {
        throw new Fault(CliCode.NOT_READY, "only " + seen + " log lines came");
      }
    }
  }

  /** A subscription in a process of its own. */
  final class Ears implements AutoCloseable {
    private final Player player;
    private final Process process;
    private final Path out;
    private final String topic;

    Ears(Player player, Process process, Path out, String topic)
        throws InterruptedException, IOException {
      this.player = player;
      this.process = process;
      this.out = out;
      this.topic = topic;
      // A node hears its own messages too: this one proves that the subscription is there.
      var probe = "listening " + System.nanoTime();
      if (!player.await(
          Duration.ofSeconds(20),
          () -> {
            var _ = player.run("p2p", "broadcast", topic, probe, "--ttl", "1");
            return find(probe) != null;
          })) {
        throw new Fault(CliCode.NOT_READY, player.name() + " cannot subscribe to " + topic);
      }
    }

    @Nullable Map<String, Object> heard(String text, Duration within) throws InterruptedException {
      var _ = player.await(within, () -> find(text) != null);
      return find(text);
    }

    private @Nullable Map<String, Object> find(String text) {
      try {
        for (var line : Files.readAllLines(out)) {
          if (line.contains(text)) {
            return JSON.std.mapFrom(line);
          }
        }
        return null;
      } catch (IOException e) {
        return null; // a line that is not complete yet
      }
    }

    @Override
    public void close() {
      process.destroy();
      running.remove(process);
    }

    @Override
    public String toString() {
      return player.name() + " at " + topic;
    }
  }

  /**
   * Starts a process that ends with the play at the latest.
   *
   * @param lastly whether it cleans up, which is all that is begun once the play is over
   */
  private Process begin(ProcessBuilder builder, boolean lastly) throws IOException {
    synchronized (running) {
      if (ended && !lastly) {
        throw new Fault(CliCode.NOT_READY, "the demo was broken off");
      }
      var process = builder.start();
      running.add(process);
      return process;
    }
  }

  /** Ends every process and deletes the directory, whatever state the play is in. */
  void clear() {
    List<Process> last;
    synchronized (running) {
      ended = true;
      last = List.copyOf(running);
    }
    last.forEach(Process::destroy);
    // One of them may be about to leave a daemon behind, which is looked for afterwards.
    last.forEach(
        process -> process.onExit().completeOnTimeout(process, 5, TimeUnit.SECONDS).join());
    for (var player : players) {
      if (Files.exists(player.home.resolve("control.sock"))) {
        quietly(player, "app", "remove", APP, "--node", player.name(), "--yes");
        quietly(player, "p2p", "stop");
      }
    }
    ProcessHandle.allProcesses()
        .filter(process -> process.info().command().isPresent())
        .filter(this::isOurs)
        .forEach(ProcessHandle::destroyForcibly);
    delete();
  }

  /** A daemon names its directory; an application outlives its node, and works inside of it. */
  private boolean isOurs(ProcessHandle process) {
    if (process.info().commandLine().orElse("").contains(root.toString())) {
      return true;
    }
    try {
      return Files.readSymbolicLink(Path.of("/proc/" + process.pid() + "/cwd")).startsWith(root);
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  private static void quietly(Player player, String... words) {
    try {
      var _ = player.run(true, words);
    } catch (Fault e) {
      // What is left is ended by force below.
    }
  }

  private void delete() {
    try (var files = Files.walk(root)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | java.io.UncheckedIOException e) {
      err.println("cis: could not delete all of " + root + ": " + e.getMessage());
    }
  }
}
