package dev.cis.bench;

import dev.cis.transport.Address;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** One anchor, and as many nodes as it promises to serve. */
final class AnchorLoad implements Benchmark {
  private static final int NODES = 1_000;
  private static final int MOST = 12_000;
  private static final int FEW = 20;
  private static final int IN_ONE_PROCESS = 5_000;
  private static final int SAMPLES = 200;
  private static final int POLL_MILLIS = 1_000;
  private static final int PATIENCE_SECONDS = 120;
  private static final long LONGEST = 60_000_000L;
  private static final Map<String, String> NO_AUTHORITIES =
      Map.of("SSL_CERT_FILE", "/dev/null", "SSL_CERT_DIR", "/dev/null");

  @Override
  public String name() {
    return "anchor-load";
  }

  @Override
  public String help() {
    return """
    anchor-load [--nodes N]: an anchor as docs/operating/anchor.md describes it (cis p2p start
    --anchor, all else by default) in a process of its own, and N nodes
    (default 1,000, from 50 to 12,000) in further processes, 5,000 in each, every node with a /24
    of 127.0.0.0/8 to itself. A node is what concerns an anchor of one: identity, a private realm,
    QUIC with keepalive every 10 s, discovery, the DHT of the anchors with a registration at its
    realm's meeting place and its own record, a place at the relay, three questions for dial-back.
    value: percent of the nodes that were connected, had a place and were registered at the same
    time. The notes: nodes connected in a second, both sides on one machine; the anchor's processor
    milliseconds for each; its resident memory; its processor seconds in a minute at rest; its
    refusals by limit; p50 and p99, in ms, of a ping of the anchor, of finding a node at its meeting
    place and of a first answer through the relay between two nodes, the same with 20 nodes ("few"),
    and their ratio; what became of them after kill -9 of the anchor and a start at once: seconds
    from its readiness until 99 % were connected, and had places, again, the 30 s that a node takes
    to notice included, and what was found then. Linux only.\
    """;
  }

  @Override
  public Figure run() throws Exception {
    return run(List.of());
  }

  @Override
  public Figure run(List<String> options) throws Exception {
    int nodes = NODES;
    if (options.size() == 2 && options.getFirst().equals("--nodes")) {
      nodes = Integer.parseInt(options.getLast());
    } else if (!options.isEmpty()) {
      throw new IllegalArgumentException("anchor-load knows --nodes N, not " + options);
    }
    if (nodes < 50 || nodes > MOST) {
      throw new IllegalArgumentException("--nodes is from 50 to " + MOST + ", not " + nodes);
    }
    var folder = Files.createTempDirectory("cis-bench-anchor");
    try (var anchor = new LiveNode("anchor1", Map.of())) {
      anchor.startAt(":" + anchor.port(), "--anchor");
      try (var crowd = new Crowd(new Address("127.0.0.1", anchor.port()), nodes, folder)) {
        return measure(anchor, crowd, nodes);
      }
    } finally {
      try (var files = Files.walk(folder)) {
        for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  private static Figure measure(LiveNode anchor, Crowd crowd, int nodes) throws Exception {
    var notes = new LinkedHashMap<String, Object>();
    notes.put("nodes", nodes);
    crowd.processes.getFirst().ask("join " + FEW);
    var _ = crowd.await(FEW, 0, Count::served);
    var few = Response.all(crowd);
    var before = Use.of(anchor);
    join(crowd, nodes, notes);
    var joined = Use.of(anchor);
    int more = nodes - FEW;
    notes.put("anchor_cpu_ms_per_node", Figure.rounded(joined.cpuMillis(before) / (double) more));
    var served = crowd.await(nodes, 0, Count::served);
    var after = rest(anchor, nodes, notes);
    notes.put("resident_mb_before", Figure.rounded(before.resident / 1e6));
    notes.put("resident_mb", Figure.rounded(after.resident / 1e6));
    notes.put("kb_per_node", Figure.rounded((after.resident - before.resident) / 1e3 / more));
    var full = Response.all(crowd);
    full.forEach((what, response) -> response.note(what, few.get(what), notes));
    notes.put("refused", refusals(anchor));
    restart(anchor, crowd, nodes, notes);
    return new Figure(
        "nodes connected, with a place and registered",
        100.0 * served.count.served() / nodes,
        "%",
        nodes,
        null,
        null,
        notes);
  }

  private static void join(Crowd crowd, int nodes, Map<String, Object> notes) throws IOException {
    long begun = System.nanoTime();
    int left = nodes;
    for (int i = 0; i < crowd.processes.size(); i++) {
      int here = Math.min(left, IN_ONE_PROCESS);
      left -= here;
      crowd.processes.get(i).ask("join " + (i == 0 ? here - FEW : here));
    }
    var linked = crowd.await(nodes, 0, Count::linked);
    double seconds = (linked.reached - begun) / 1e9;
    notes.put("connected", linked.count.linked);
    notes.put("connected_per_s", Figure.rounded((linked.count.linked - FEW) / seconds));
    System.err.printf("anchor-load: %d connected after %.1f s%n", linked.count.linked, seconds);
  }

  /** All are there, and nobody wants anything in particular. */
  private static Use rest(LiveNode anchor, int nodes, Map<String, Object> notes)
      throws IOException {
    var settle = Duration.ofSeconds(nodes > NODES ? 30 : 10);
    LockSupport.parkNanos(settle.toNanos());
    var before = Use.of(anchor);
    LockSupport.parkNanos(settle.toNanos());
    var after = Use.of(anchor);
    double minutes = (after.at - before.at) / 60e9;
    notes.put("rest_cpu_s_per_min", Figure.rounded(after.cpuMillis(before) / 1e3 / minutes));
    return after;
  }

  private static Map<String, Object> refusals(LiveNode anchor) throws IOException {
    var refused = new LinkedHashMap<String, Object>();
    if (anchor.ask("p2p", "limits").get("limits") instanceof List<?> limits) {
      for (var each : limits) {
        if (each instanceof Map<?, ?> limit
            && limit.get("refused") instanceof Number number
            && number.longValue() > 0) {
          refused.put(String.valueOf(limit.get("key")), number.longValue());
        }
      }
    }
    return refused;
  }

  private static void restart(LiveNode anchor, Crowd crowd, int nodes, Map<String, Object> notes)
      throws Exception {
    anchor.kill();
    long since = System.currentTimeMillis();
    anchor.startAt(":" + anchor.port(), "--anchor");
    long ready = System.nanoTime();
    var before = Use.of(anchor);
    int most = nodes * 99 / 100;
    var linked = crowd.await(most, since, Count::linked);
    notes.put("restart_connected", linked.count.linked);
    notes.put("restart_99_connected_s", Figure.rounded((linked.reached - ready) / 1e9));
    var reserved = crowd.await(most, since, Count::reserved);
    notes.put("restart_with_place", reserved.count.reserved);
    notes.put("restart_99_with_place_s", Figure.rounded((reserved.reached - ready) / 1e9));
    notes.put(
        "restart_anchor_cpu_ms_per_node",
        Figure.rounded(Use.of(anchor).cpuMillis(before) / (double) nodes));
    var found = Response.of(crowd, "find");
    notes.put("restart_found_percent", Figure.rounded(found.percent()));
    notes.put("restart_refused", refusals(anchor));
  }

  /** What the anchor uses of the machine. */
  private record Use(long at, Duration cpu, long resident) {
    static Use of(LiveNode anchor) throws IOException {
      long pid = anchor.pid();
      var cpu =
          ProcessHandle.of(pid)
              .flatMap(daemon -> daemon.info().totalCpuDuration())
              .orElseThrow(() -> new IOException("the anchor is gone"));
      long resident = 0;
      for (var line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
        if (line.startsWith("VmRSS:")) {
          resident = 1024 * Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
      return new Use(System.nanoTime(), cpu, resident);
    }

    long cpuMillis(Use before) {
      return cpu.minus(before.cpu).toMillis();
    }
  }

  /** How many nodes have what. */
  private record Count(int linked, int reserved, int registered, int dialledBack) {
    int served() {
      return Math.min(reserved, registered);
    }

    Count plus(Count other) {
      return new Count(
          linked + other.linked,
          reserved + other.reserved,
          registered + other.registered,
          dialledBack + other.dialledBack);
    }

    static Count parse(String line) {
      var words = line.split(" ", 4);
      return new Count(
          Integer.parseInt(words[0]),
          Integer.parseInt(words[1]),
          Integer.parseInt(words[2]),
          Integer.parseInt(words[3]));
    }
  }

  /** The last count, and when it became what it is. */
  private record Reached(Count count, long reached) {}

  private interface Part {
    int of(Count count);
  }

  /** How long something took, and how often it failed. */
  private record Response(Histogram micros, int failed) {
    static Map<String, Response> all(Crowd crowd) throws IOException {
      var all = new LinkedHashMap<String, Response>();
      for (var what : List.of("ping", "find", "relay")) {
        all.put(what, of(crowd, what));
      }
      return all;
    }

    static Response of(Crowd crowd, String what) throws IOException {
      var words = crowd.processes.getFirst().ask(what + " " + SAMPLES).split(" ", -1);
      var times = new Histogram(LONGEST, 3);
      for (int i = 1; i < words.length; i++) {
        times.recordValue(Math.min(LONGEST, Long.parseLong(words[i])));
      }
      return new Response(times, Integer.parseInt(words[0]));
    }

    double percent() {
      return 100.0 * micros.getTotalCount() / SAMPLES;
    }

    void note(
        String what, @org.jspecify.annotations.Nullable Response few, Map<String, Object> to) {
      to.put(what + "_percent", Figure.rounded(percent()));
      for (int percentile : List.of(50, 99)) {
        double ms = micros.getValueAtPercentile(percentile) / 1e3;
        to.put(what + "_p" + percentile, Figure.rounded(ms));
        if (few != null) {
          double then = few.micros.getValueAtPercentile(percentile) / 1e3;
          to.put(what + "_p" + percentile + "_few", Figure.rounded(then));
          to.put(what + "_p" + percentile + "_ratio", Figure.rounded(ms / then));
        }
      }
    }
  }

  /** One of the processes with nodes. */
  private static final class Member implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;

    Member(List<String> command) throws IOException {
      var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
      // With each node's QUIC library loads the authorities that the machine trusts, for nothing.
      builder.environment().putAll(NO_AUTHORITIES);
      process = builder.start();
      out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    String ask(String command) throws IOException {
      process.getOutputStream().write((command + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
      var line = out.readLine();
      if (line == null) {
        throw new IOException("a process of the benchmark ended early");
      }
      return line;
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  /** All nodes. */
  private static final class Crowd implements AutoCloseable {
    final List<Member> processes = new ArrayList<>();

    Crowd(Address anchor, int nodes, Path folder) throws IOException {
      for (int first = 0; first < nodes; first += IN_ONE_PROCESS) {
        var java = System.getProperty("java.home") + File.separator + "bin" + File.separator;
        processes.add(
            new Member(
                List.of(
                    java + "java",
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-Xmx3g",
                    "-Xss256k",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Bench.class.getName(),
                    AnchorCrowd.ARGUMENT,
                    anchor.toString(),
                    String.valueOf(first),
                    folder.toString())));
      }
    }

    /** Waits until so many have it, or for two minutes nobody more has. */
    Reached await(int wanted, long since, Part part) throws IOException {
      int most = -1;
      long changed = System.nanoTime();
      var last = new Count(0, 0, 0, 0);
      while (System.nanoTime() - changed < Duration.ofSeconds(PATIENCE_SECONDS).toNanos()) {
        last = new Count(0, 0, 0, 0);
        for (var process : processes) {
          last = last.plus(Count.parse(process.ask("count " + since)));
        }
        if (part.of(last) > most) {
          most = part.of(last);
          changed = System.nanoTime();
        }
        if (most >= wanted) {
          break;
        }
        LockSupport.parkNanos(Duration.ofMillis(POLL_MILLIS).toNanos());
      }
      return new Reached(last, changed);
    }

    @Override
    public void close() {
      processes.forEach(Member::close);
    }
  }
}
