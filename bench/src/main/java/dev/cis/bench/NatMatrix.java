package dev.cis.bench;

import dev.cis.bench.NatPair.Node;
import dev.cis.node.Home;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;

/** Who reaches whom through which routers, by which path, and how soon. */
final class NatMatrix implements Benchmark {
  private static final String ANCHOR = "pub1";
  private static final List<String> HOSTS =
      List.of("a1", "b1", "c1", "d1", "e1", "f1", "g1", "h1", "pub2");
  private static final List<String> LINES =
      List.of("natA", "natB", "natC", "natD", "natE", "cgn", "natG", "natH", "pub1", "pub2");
  private static final String ALONE = "\n[discovery]\nmin_peers = 1\n";
  private static final String ACCOUNT =
      """

      [nat]
      turn = ["192.0.2.10:3478"]
      turn_user = "lab"
      turn_password = "lab"
      """;

  /** What was asked for on the command line. */
  private record Options(int loss, int repeat, List<String> hosts) {
    static Options read(List<String> words) {
      int loss = 0;
      int repeat = 1;
      var hosts = HOSTS;
      for (int i = 0; i < words.size(); i += 2) {
        if (i + 1 == words.size()) {
          throw new IllegalArgumentException(words.get(i) + " needs a value");
        }
        var value = words.get(i + 1);
        switch (words.get(i)) {
          case "--loss" -> loss = Integer.parseInt(value);
          case "--repeat" -> repeat = Integer.parseInt(value);
          case "--hosts" -> hosts = List.of(value.split(",", -1));
          default ->
              throw new IllegalArgumentException(
                  "nat-matrix has no option " + words.get(i) + "; see bench/run --help");
        }
      }
      if (loss < 0 || loss > 50 || repeat < 1 || repeat > 1_000) {
        throw new IllegalArgumentException("--loss is 0 to 50 percent, --repeat 1 to 1000");
      }
      if (hosts.size() < 2 || !HOSTS.containsAll(hosts)) {
        throw new IllegalArgumentException("--hosts are two or more of " + HOSTS);
      }
      return new Options(loss, repeat, hosts);
    }
  }

  @Override
  public String name() {
    return "nat-matrix";
  }

  @Override
  public String help() {
    return """
    Builds the internet of lab/natlab (root, network namespaces), starts an anchor on pub1 and a
    daemon behind each kind of router: a1, b1 home, c1, h1 symmetric, d1 full cone, e1 UPnP, f1
    carrier NAT, g1 without UDP but with an account at a TURN server, pub2 public. Each connects
    with each other one, both ways round, by nothing but its id, and is disconnected again.
    Prints the table to stderr: path, ms until an answer of the other side had come, ms until
    the path was the one that RFC 4787 allows (seen by asking the daemon every 10 ms). What
    routers remember of the pair from before is older than a round over all pairs.
    value: percent of the connections that were made; p50, p99: ms until the first answer.
    --loss PERCENT of the packets, each way, on the line of every router and public host;
    --repeat N rounds; --hosts a1,b1,... of those above.\
    """;
  }

  @Override
  public Figure run() throws Exception {
    return run(List.of());
  }

  @Override
  public Figure run(List<String> words) throws Exception {
    var options = Options.read(words);
    try (var lab = new NatLab()) {
      lab.start(ANCHOR, ALONE, "--anchor");
      var nodes = new ArrayList<Node>();
      for (var host : options.hosts()) {
        lab.start(
            host,
            host.equals("g1") ? ALONE + ACCOUNT : ALONE,
            "--no-mdns",
            "--bootstrap",
            "203.0.113.10:7677");
        nodes.add(Node.of(host, new Home(lab.home(host))));
      }
      settle(nodes, Node.of(ANCHOR, new Home(lab.home(ANCHOR))));
      for (var line : options.loss() == 0 ? List.<String>of() : LINES) {
        lab.natlab("loss", line, String.valueOf(options.loss()));
      }
      return figure(options, measure(nodes, options.repeat()));
    }
  }

  /** Waits until each is connected with the anchor. */
  private static void settle(List<Node> nodes, Node anchor) throws Exception {
    for (var node : nodes) {
      if (!NatPair.within(() -> node.path(anchor).isPresent())
          || !NatPair.within(() -> anchor.path(node).isPresent())) {
        throw new IOException(node.host() + " does not reach the anchor");
      }
    }
  }

  private static List<NatPair> measure(List<Node> nodes, int repeat) throws Exception {
    var pairs = new ArrayList<NatPair>();
    System.err.println("from  to    theory  path    first ms  settled ms");
    for (int round = 0; round < repeat; round++) {
      for (boolean back : List.of(false, true)) {
        for (int i = 0; i < nodes.size(); i++) {
          for (int k = i + 1; k < nodes.size(); k++) {
            var pair =
                back
                    ? NatPair.measure(nodes.get(k), nodes.get(i))
                    : NatPair.measure(nodes.get(i), nodes.get(k));
            System.err.println(pair.line());
            pairs.add(pair);
          }
        }
      }
    }
    return pairs;
  }

  private static Figure figure(Options options, List<NatPair> pairs) {
    var first =
        pairs.stream()
            .filter(each -> each.path() != null)
            .map(NatPair::firstByte)
            .sorted()
            .toList();
    var direct =
        pairs.stream()
            .filter(each -> each.expected().equals("direct") && each.settled() != null)
            .map(each -> Objects.requireNonNull(each.settled()))
            .sorted()
            .toList();
    var notes = new LinkedHashMap<String, Object>();
    notes.put("hosts", String.join(" ", options.hosts()));
    notes.put("loss_percent", options.loss());
    notes.put("rounds", options.repeat());
    notes.put("direct_percent", percent(pairs, each -> "direct".equals(each.path())));
    notes.put("as_theory_percent", percent(pairs, each -> each.settled() != null));
    notes.put("first_answer_within_1s_percent", percent(pairs, each -> isMade(each, 1_000)));
    notes.put("direct_p50_ms", quantile(direct, 0.5));
    notes.put("direct_p99_ms", quantile(direct, 0.99));
    notes.put(
        "direct_within_3s_percent",
        percent(
            pairs.stream().filter(each -> each.expected().equals("direct")).toList(),
            NatMatrix::isSoonDirect));
    return new Figure(
        "connections between hosts behind routers of every kind",
        percent(pairs, each -> each.path() != null),
        "%",
        pairs.size(),
        quantile(first, 0.5),
        quantile(first, 0.99),
        notes);
  }

  private static boolean isMade(NatPair pair, double withinMillis) {
    return pair.path() != null && pair.firstByte() <= withinMillis;
  }

  private static boolean isSoonDirect(NatPair pair) {
    var settled = pair.settled();
    return settled != null && settled <= 3_000;
  }

  private static double percent(List<NatPair> pairs, Predicate<NatPair> which) {
    return pairs.isEmpty()
        ? 0
        : Figure.rounded(100.0 * pairs.stream().filter(which).count() / pairs.size());
  }

  private static double quantile(List<Double> sorted, double share) {
    return sorted.isEmpty()
        ? 0
        : Figure.rounded(
            sorted.get(Math.min(sorted.size() - 1, (int) Math.floor(share * sorted.size()))));
  }
}
