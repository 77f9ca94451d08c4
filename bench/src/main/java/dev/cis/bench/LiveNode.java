package dev.cis.bench;

import java.io.IOException;
import java.net.DatagramSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real daemon with a home of its own, driven through the launcher as a user would. */
final class LiveNode implements AutoCloseable {
  private static final Path LAUNCHER = Path.of(System.getProperty("cis.root", "."), "cis");

  private final Path home;
  private final int port;

  LiveNode(String name) throws IOException {
    home = Files.createTempDirectory("cis-bench-" + name);
    try (var socket = new DatagramSocket()) {
      port = socket.getLocalPort();
    }
    cis("init", "--name", name, "--open");
  }

  int port() {
    return port;
  }

  /** Starts the daemon and returns when it is ready; how long that took in milliseconds. */
  double start(String... more) throws IOException {
    var words = new ArrayList<>(List.of("p2p", "start", "--listen", "127.0.0.1:" + port));
    words.addAll(List.of(more));
    long begin = System.nanoTime();
    cis(words.toArray(String[]::new));
    return (System.nanoTime() - begin) / 1e6;
  }

  /** Runs a command; how long the whole process took in milliseconds. */
  double cis(String... words) throws IOException {
    var command = new ArrayList<>(List.of(LAUNCHER.toString(), "--home", home.toString()));
    command.addAll(List.of(words));
    return time(command);
  }

  /** The daemon's process id. */
  long pid() throws IOException {
    var lock = Files.readString(home.resolve("daemon.lock")).strip();
    return Long.parseLong(lock.replaceFirst("^\\D*(\\d+)[\\s\\S]*$", "$1"));
  }

  static double time(List<String> command) throws IOException {
    long begin = System.nanoTime();
    var process =
        new ProcessBuilder(command)
            .redirectInput(new java.io.File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
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
