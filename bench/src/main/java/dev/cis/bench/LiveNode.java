package dev.cis.bench;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.net.DatagramSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A real daemon with a home of its own, driven through the launcher as a user would. */
final class LiveNode implements AutoCloseable {
  private static final Path LAUNCHER = Path.of(System.getProperty("cis.root", "."), "cis");

  private final Path home;
  private final int port;
  private final Map<String, String> environment;

  LiveNode(String name) throws IOException {
    this(name, Map.of(), "--open");
  }

  /** The same with other words for {@code cis init}, and this in the environment of the daemon. */
  LiveNode(String name, Map<String, String> environment, String... init) throws IOException {
    this.environment = environment;
    home = Files.createTempDirectory("cis-bench-" + name);
    try (var socket = new DatagramSocket()) {
      port = socket.getLocalPort();
    }
    var words = new ArrayList<>(List.of("init", "--name", name));
    words.addAll(List.of(init));
    cis(words.toArray(String[]::new));
  }

  int port() {
    return port;
  }

  /** Starts the daemon and returns when it is ready; how long that took in milliseconds. */
  double start(String... more) throws IOException {
    return startAt("127.0.0.1:" + port, more);
  }

  /** The same on other addresses. */
  double startAt(String listen, String... more) throws IOException {
    var words = new ArrayList<>(List.of("p2p", "start", "--listen", listen));
    words.addAll(List.of(more));
    long begin = System.nanoTime();
    cis(words.toArray(String[]::new));
    return (System.nanoTime() - begin) / 1e6;
  }

  /** Runs a command; how long the whole process took in milliseconds. */
  double cis(String... words) throws IOException {
    return time(command(words), environment);
  }

  private List<String> command(String... words) {
    var command = new ArrayList<>(List.of(LAUNCHER.toString(), "--home", home.toString()));
    command.addAll(List.of(words));
    return command;
  }

  /** Runs a command; its answer as JSON. */
  Map<String, Object> ask(String... words) throws IOException {
    var command = command(words);
    command.add("--json");
    var process =
        new ProcessBuilder(command)
            .redirectInput(new java.io.File("/dev/null"))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var out = process.getInputStream()) {
      return JSON.std.mapFrom(out);
    }
  }

  /** Ends the daemon as {@code kill -9} does. */
  void kill() throws IOException {
    var daemon = ProcessHandle.of(pid()).orElseThrow();
    boolean _ = daemon.destroyForcibly();
    daemon.onExit().join();
  }

  /** The daemon's process id. */
  long pid() throws IOException {
    var lock = Files.readString(home.resolve("daemon.lock")).strip();
    return Long.parseLong(lock.replaceFirst("^\\D*(\\d+)[\\s\\S]*$", "$1"));
  }

  static double time(List<String> command) throws IOException {
    return time(command, Map.of());
  }

  private static double time(List<String> command, Map<String, String> environment)
      throws IOException {
    long begin = System.nanoTime();
    var builder =
        new ProcessBuilder(command)
            .redirectInput(new java.io.File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(environment);
    var process = builder.start();
    try {
      if (!process.waitFor(2, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IOException(String.join(" ", command) + " did not end within two minutes");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    if (process.exitValue() != 0) {
      throw new IOException(String.join(" ", command) + " failed with " + process.exitValue());
    }
    return (System.nanoTime() - begin) / 1e6;
  }

  @Override
  public void close() throws IOException {
    try {
      cis("p2p", "stop");
    } finally {
      try (var files = Files.walk(home)) {
        for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }
}
