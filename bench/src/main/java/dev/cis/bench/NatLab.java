package dev.cis.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The internet in namespaces (lab/natlab), with daemons on its hosts, all of one realm. */
final class NatLab implements AutoCloseable {
  private static final Path ROOT = Path.of(System.getProperty("cis.root", "."));
  private static final String PREFIX =
      System.getenv().getOrDefault("NATLAB_PREFIX", "bench-"); // two runs at a time want two
  private static final int MINUTES = 3;

  /** Numbers that all take for public ones; js-libp2p does so with no range for documentation. */
  private static final String NET = "80.1";

  private final Path homes;
  private final List<String> hosts = new ArrayList<>();
  private String invitation = "";

  /** Builds it. */
  NatLab() throws IOException {
    homes = Files.createTempDirectory("cis-bench-nat");
    natlab("check");
    natlab("up");
  }

  Path home(String host) {
    return homes.resolve(host);
  }

  /**
   * Starts a daemon; the first one founds the realm.
   *
   * @param settings for its configuration file
   */
  void start(String host, String settings, String... more) throws IOException {
    var words = new ArrayList<>(List.of("init", "--name", host));
    if (!invitation.isEmpty()) {
      words.addAll(List.of("--join", invitation));
    }
    cis(host, words);
    if (invitation.isEmpty()) {
      invitation = cis(host, List.of("p2p", "invite")).strip();
    }
    Files.writeString(home(host).resolve("config.toml"), settings, StandardOpenOption.APPEND);
    hosts.add(host);
    var start = new ArrayList<>(List.of("p2p", "start"));
    start.addAll(List.of(more));
    cis(host, start);
  }

  /** The address that a node has itself. */
  String ip(String node) throws IOException {
    return natlab("ip", node).strip();
  }

  /**
   * Starts a program on a host that speaks through its pipes. The lab ends it when it is closed,
   * where nobody did before.
   *
   * @param errors where its errors go
   */
  Process spawn(String host, List<String> program, File errors) throws IOException {
    var words = new ArrayList<>(List.of("exec", host));
    words.addAll(program);
    return builder(words).redirectError(errors).start();
  }

  /** Runs a command on a host; what it printed. */
  private String cis(String host, List<String> words) throws IOException {
    var command =
        new ArrayList<>(
            List.of("exec", host, ROOT.resolve("cis").toString(), "--home", home(host).toString()));
    command.addAll(words);
    return natlab(command.toArray(String[]::new));
  }

  /** Runs a command of the lab; what it printed. */
  String natlab(String... words) throws IOException {
    var out = Files.createTempFile(homes, "out", "");
    var errors = Files.createTempFile(homes, "err", "");
    var builder =
        builder(List.of(words))
            .redirectInput(new File("/dev/null"))
            .redirectError(errors.toFile())
            .redirectOutput(out.toFile());
    var command = builder.command();
    var process = builder.start();
    try {
      if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IOException(String.join(" ", command) + " did not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    if (process.exitValue() != 0) {
      throw new IOException(
          "%s failed with %d: %s"
              .formatted(
                  String.join(" ", command),
                  process.exitValue(),
                  Files.readString(out) + Files.readString(errors)));
    }
    return Files.readString(out);
  }

  private static ProcessBuilder builder(List<String> words) {
    var command = new ArrayList<>(List.of(ROOT.resolve("lab/natlab").toString()));
    command.addAll(words);
    var builder = new ProcessBuilder(command);
    builder.environment().put("NATLAB_PREFIX", PREFIX);
    builder.environment().put("NATLAB_NET", NET);
    builder.environment().put("CIS_BUILD", "never"); // bench/run has built
    return builder;
  }

  @Override
  public void close() throws IOException {
    try {
      for (var host : hosts) {
        cis(host, List.of("p2p", "stop"));
      }
    } finally {
      natlab("down");
      try (var files = Files.walk(homes)) {
        for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }
}
