package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** Nodes on hosts of the namespace lab, all of one realm unless something else is said. */
final class Lab {
  /** What the namespaces are called begin so: several processes test at a time. */
  static final String PREFIX = System.getProperty("cis.lab", "cisit-");

  private final Path homes;
  private final List<Terminal> started = new ArrayList<>();
  private String invitation = "";

  Lab(Path homes) {
    this.homes = homes;
  }

  /** Builds the internet. */
  static void up() throws IOException, InterruptedException {
    var check = natlab("check");
    Assumptions.assumeTrue(
        check == 0 && System.getProperty("user.name").equals("root"),
        "the lab needs root and the packages that 'lab/natlab check' names");
    assertThat(natlab("up")).as("natlab up").isZero();
  }

  static void down() throws IOException, InterruptedException {
    int _ = natlab("down");
  }

  /** A command of the lab; its exit code. */
  static int natlab(String... command) throws IOException, InterruptedException {
    var words = new ArrayList<>(List.of(Terminal.ROOT.resolve("lab/natlab").toString()));
    words.addAll(List.of(command));
    var builder = new ProcessBuilder(words).inheritIO();
    builder.redirectInput(new java.io.File("/dev/null"));
    builder.environment().put("NATLAB_PREFIX", PREFIX);
    var process = builder.start();
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("natlab %s ends", words).isTrue();
    return process.exitValue();
  }

  /** Words on the command line of {@code ip} on a host. */
  static void ip(String host, String words) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("exec", host, "ip"));
    command.addAll(List.of(words.split(" ")));
    assertThat(natlab(command.toArray(String[]::new))).as("%s: ip %s", host, words).isZero();
  }

  /** What leads to a host on a command line. */
  static List<String> on(String host) {
    return List.of(
        "env",
        "NATLAB_PREFIX=" + PREFIX,
        Terminal.ROOT.resolve("lab/natlab").toString(),
        "exec",
        host);
  }

  /** A node on a host, in the realm that the first of them founded. */
  Terminal host(String name) {
    var terminal = new Terminal(on(name), homes.resolve(name));
    if (invitation.isEmpty()) {
      init(terminal, name);
      // Without an address in it: that everybody finds everybody is what is tested.
      invitation = terminal.run("p2p", "invite").succeeded().out().strip();
    } else {
      init(terminal, name, "--join", invitation);
    }
    return terminal;
  }

  /** A node on a host that shares no realm with the others. */
  Terminal stranger(String name) {
    return stranger(name, name);
  }

  /** The same, with a name that is not that of the host. */
  Terminal stranger(String host, String name) {
    var terminal = new Terminal(on(host), homes.resolve(name));
    init(terminal, name);
    return terminal;
  }

  private static void init(Terminal terminal, String name, String... more) {
    var words = new ArrayList<>(List.of("init", "--name", name, "--label", "env=lab"));
    words.addAll(List.of(more));
    terminal.run(words.toArray(String[]::new)).succeeded();
  }

  void start(Terminal terminal, String... more) {
    var words = new ArrayList<>(List.of("p2p", "start"));
    words.addAll(List.of(more));
    started.add(terminal);
    terminal.run(words.toArray(String[]::new)).succeeded();
  }

  /** Stops every node and takes back what was done to the network. */
  void stop() throws IOException, InterruptedException {
    // Each waits for nobody; together they do not wait for one another.
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      started.forEach(terminal -> threads.execute(() -> terminal.run("p2p", "stop")));
    }
    int _ = natlab("reset");
  }
}
