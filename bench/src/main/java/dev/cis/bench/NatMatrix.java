package dev.cis.bench;

import dev.cis.bench.NatPair.Node;
import dev.cis.node.Home;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Who reaches whom through which routers, by which path, and how soon. */
final class NatMatrix implements Benchmark {
  private static final String ANCHOR = "pub1";
  private static final List<String> LINES =
      List.of("natA", "natB", "natC", "natD", "natE", "cgn", "natG", "natH", "pub1", "pub2");
  private static final String ALONE = "\n[discovery]\nmin_peers = 1\n";

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
    libp2p_ is js-libp2p in the same lab and the same minutes, pair by pair in turn with cis: a
    process on each host (QUIC, TCP, WebRTC, AutoNAT v2, UPnP, DCUtR), a relay (circuit v2) on pub1.
    It is given the addresses of whom it dials; ms until a byte was back on a stream of its own,
    through the relay too, and until one was on a direct connection. ratio_to_libp2p: value by its
    share; p50_ratio_to_libp2p: ms by ms. libp2p_dead_direct: pairs in which it took a connection
    for direct that carried nothing. After ten minutes of its own it is measured no more, and the
    ratios are of the libp2p_n pairs until then.
    --loss PERCENT of the packets, each way, on the line of every router and public host;
    --repeat N rounds; --hosts a1,b1,... of those above; --libp2p off leaves it out.\
    """;
  }

  @Override
  public Figure run() throws Exception {
    return run(List.of());
  }

  @Override
  public Figure run(List<String> words) throws Exception {
    var options = NatOptions.read(words);
    try (var lab = new NatLab()) {
      var nodes = start(lab, options.hosts());
      var notes = new LinkedHashMap<String, Object>();
      notes.put("hosts", String.join(" ", options.hosts()));
      notes.put("loss_percent", options.loss());
      notes.put("rounds", options.repeat());
      try (var libp2p = libp2p(lab, options, notes)) {
        for (var line : options.loss() == 0 ? List.<String>of() : LINES) {
          lab.natlab("loss", line, String.valueOf(options.loss()));
        }
        return measure(options, nodes, libp2p, notes);
      }
    }
  }

  /** Starts the daemons and waits until each is connected with the anchor. */
  private static List<Node> start(NatLab lab, List<String> hosts) throws Exception {
    lab.start(ANCHOR, ALONE, "--anchor");
    var bootstrap = lab.ip(ANCHOR) + ":7677";
    var account =
        """

        [nat]
        turn = ["%s:3478"]
        turn_user = "lab"
        turn_password = "lab"
        """
            .formatted(lab.ip("stun"));
    var nodes = new ArrayList<Node>();
    for (var host : hosts) {
      lab.start(
          host, host.equals("g1") ? ALONE + account : ALONE, "--no-mdns", "--bootstrap", bootstrap);
      nodes.add(Node.of(host, new Home(lab.home(host))));
    }
    var anchor = Node.of(ANCHOR, new Home(lab.home(ANCHOR)));
    for (var node : nodes) {
      if (!NatPair.within(() -> node.path(anchor).isPresent())
          || !NatPair.within(() -> anchor.path(node).isPresent())) {
        throw new IOException(node.host() + " does not reach the anchor");
      }
    }
    return nodes;
  }

  /** What is measured beside; null, with a note why, where it is not there or not wanted. */
  private static @Nullable Libp2pLab libp2p(
      NatLab lab, NatOptions options, Map<String, Object> notes) throws InterruptedException {
    if (!options.libp2p()) {
      notes.put("libp2p_skipped", "switched off");
      return null;
    }
    try {
      return Libp2pLab.start(lab, ANCHOR, options.hosts());
    } catch (IOException e) {
      System.err.println("bench: libp2p: " + e.getMessage());
      notes.put("libp2p_skipped", String.valueOf(e.getMessage()));
      return null;
    }
  }

  private static Figure measure(
      NatOptions options, List<Node> nodes, @Nullable Libp2pLab libp2p, Map<String, Object> notes)
      throws InterruptedException {
    var ours = new ArrayList<NatPair>();
    var theirs = new ArrayList<NatPair>();
    System.err.println("        from  to    theory  path    first ms  settled ms");
    for (int round = 0; round < options.repeat(); round++) {
      for (boolean back : List.of(false, true)) {
        for (int i = 0; i < nodes.size(); i++) {
          for (int k = i + 1; k < nodes.size(); k++) {
            var from = nodes.get(back ? k : i);
            var to = nodes.get(back ? i : k);
            var pair = NatPair.measure(from, to);
            System.err.println(pair.line("cis"));
            ours.add(pair);
            if (libp2p != null && libp2p.hasTime()) {
              var other = libp2p.measure(from.host(), to.host());
              System.err.println(other.line("libp2p"));
              theirs.add(other);
            }
          }
        }
      }
    }
    var figures = new NatFigures(ours);
    notes.putAll(figures.notes());
    if (libp2p != null) {
      var same = new NatFigures(ours.subList(0, theirs.size())); // until its time was over
      notes.putAll(new NatFigures(theirs).beside(same, libp2p.dead()));
    }
    return new Figure(
        "connections between hosts behind routers of every kind",
        figures.made(),
        "%",
        ours.size(),
        figures.first(0.5),
        figures.first(0.99),
        notes);
  }
}
