package dev.cis.bench;

import dev.cis.transport.Address;
import dev.cis.transport.ConnectionLimits;
import dev.cis.transport.Limits;
import dev.cis.transport.Liveness;
import dev.cis.transport.SourceLimits;
import dev.cis.transport.Swarm;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** What an idle connection costs in memory. */
final class TransportIdle implements Benchmark {
  /** What makes a process the node that is measured. */
  static final String NODE = "idle-node";

  /** What makes a process one with many nodes that dial. */
  static final String DIALLERS = "idle-diallers";

  private static final int CONNECTIONS = 5_000;
  private static final int PROCESSES = 2;
  private static final int AT_ONCE = 8;

  @Override
  public String name() {
    return "transport-idle";
  }

  @Override
  public String help() {
    return """
    transport-idle: one node, and 5,000 nodes in two further processes that each connect to it and
    then do nothing. value is KB (1,000 bytes) of resident memory (VmRSS) that the one node needs
    for each connection: with all of them less without any, after a garbage collection, divided by
    their number; heap-kb is the part on the Java heap, resident-mb what the whole process has.
    The node's virtual machine has the options of the daemon, and a 1 MB young generation so that
    garbage is no part of the figure. The time-out is 10 min and a keepalive is sent every 2 min, so
    that it does not matter how busy the machine is. Linux only.\
    """;
  }

  private record Memory(long resident, long heap, int links) {}

  /** A process that is told things on its input. */
  private static final class Child implements AutoCloseable {
    final Process process;
    final BufferedReader out;

    Child(List<String> options, String... arguments) throws IOException {
      var java = System.getProperty("java.home") + File.separator + "bin" + File.separator + "java";
      var command = new ArrayList<>(List.of(java, "--enable-native-access=ALL-UNNAMED"));
      command.addAll(options);
      command.addAll(List.of("-cp", System.getProperty("java.class.path"), Bench.class.getName()));
      command.addAll(List.of(arguments));
      var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
      // With each node's QUIC library loads the authorities that the machine trusts, for nothing.
      builder
          .environment()
          .putAll(Map.of("SSL_CERT_FILE", "/dev/null", "SSL_CERT_DIR", "/dev/null"));
      process = builder.start();
      out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    String line() throws IOException {
      var line = out.readLine();
      if (line == null) {
        throw new IOException("a process of the benchmark ended early");
      }
      return line;
    }

    Memory memory() throws IOException {
      process.getOutputStream().write('\n');
      process.getOutputStream().flush();
      var words = line().split(" ", 2);
      long resident = 0;
      for (var line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
        if (line.startsWith("VmRSS:")) {
          resident = 1024 * Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
      return new Memory(resident, Long.parseLong(words[0]), Integer.parseInt(words[1]));
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  @Override
  public Figure run() throws Exception {
    var children = new ArrayList<Child>();
    var small = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmn1m", "-Xmx1g");
    try (var node = new Child(small, NODE)) {
      var address = node.line();
      // What a first connection loads and compiles is no part of the others.
      var first = new Child(small, DIALLERS, address, "100");
      children.add(first);
      first.line();
      var before = node.memory();
      for (int i = 0; i < PROCESSES; i++) {
        children.add(new Child(small, DIALLERS, address, "" + CONNECTIONS / PROCESSES));
      }
      for (var child : children.subList(1, children.size())) {
        child.line();
      }
      var after = node.memory();
      int links = after.links - before.links;
      if (links != CONNECTIONS) {
        throw new IOException(links + " connections are there, not " + CONNECTIONS);
      }
      var notes = new LinkedHashMap<String, Object>();
      notes.put("heap-kb", Figure.rounded((after.heap - before.heap) / 1e3 / links));
      notes.put("resident-mb-before", Figure.rounded(before.resident / 1e6));
      notes.put("resident-mb-after", Figure.rounded(after.resident / 1e6));
      return new Figure(
          "resident memory of an idle connection",
          (after.resident - before.resident) / 1e3 / links,
          "KB",
          links,
          null,
          null,
          notes);
    } finally {
      children.forEach(Child::close);
    }
  }

  private static Swarm swarm() {
    return FarSide.swarm(config -> {
      var liveness = config.liveness();
      var limits = config.limits();
      int most = 2 * CONNECTIONS;
      var sources = limits.sources();
      return config
          .with(
              new Liveness(
                  Duration.ofMinutes(10),
                  Duration.ofMinutes(2),
                  liveness.recordLifetime(),
                  Duration.ofMinutes(10),
                  liveness.probeTimeout()))
          .with(
              new Limits(
                  new ConnectionLimits(most, most, most, Duration.ofSeconds(30)),
                  new SourceLimits(
                      sources.maxConnectionsPerIp(),
                      sources.maxConnectionsPerSubnet(),
                      sources.maxConnectionsPerSite(),
                      most,
                      sources.busyHandshakes(),
                      sources.maxHandshakes(),
                      sources.maxHandshakesPerNetwork()),
                  limits.streams(),
                  limits.resources()));
    });
  }

  /** The node: says where it is, then for each line what it uses. */
  static void node() throws IOException {
    var swarm = swarm();
    System.out.println(swarm.localAddresses().getFirst());
    while (System.in.read() >= 0) {
      for (int i = 0; i < 3; i++) {
        System.gc();
      }
      var runtime = Runtime.getRuntime();
      System.out.println(runtime.totalMemory() - runtime.freeMemory() + " " + swarm.links().size());
    }
    System.exit(0);
  }

  /** Many nodes that connect to one: says when they have. */
  static void diallers(String to, int count) throws Exception {
    var address = Address.parse(to);
    var swarms = new ArrayList<Future<Swarm>>();
    try (var pool = Executors.newFixedThreadPool(AT_ONCE)) {
      for (int i = 0; i < count; i++) {
        swarms.add(
            pool.submit(() -> {
              var swarm = swarm();
              var _ = swarm.connect(address, FarSide.LONG);
              return swarm;
            }));
      }
    }
    for (var swarm : swarms) {
      var _ = swarm.get();
    }
    System.out.println("connected");
    while (System.in.read() >= 0) {}
    System.exit(0);
  }
}
