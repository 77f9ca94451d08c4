package dev.cis.cli;

import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.kernel.fault.Fault;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cis node ...}. */
final class NodeCommands {
  private NodeCommands() {}

  @Command(description = "Every node, with its resources and how old that is.")
  static final class Listing implements Callable<Integer> {
    private final Cis cis;

    Listing(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var answer = cis.client().call(new Request.NodeList(), Result.Nodes.class);
      if (cis.json()) {
        cis.screen().json(answer);
        return 0;
      }
      cis.screen()
          .table(
              List.of("NODE", "NAME", "STATE", "LOAD", "MEMORY FREE", "APPS", "LABELS", "HEARD"),
              answer.nodes().stream()
                  .map(n ->
                      List.of(
                          Screen.brief(n.node()),
                          n.name(),
                          state(n),
                          n.load() == null
                              ? "-"
                              : String.format(Locale.ROOT, "%.1f/%d", n.load(), n.cpus()),
                          n.memoryFree() == null ? "-" : Screen.size(n.memoryFree()),
                          n.apps().isEmpty() ? "-" : String.join(",", n.apps()),
                          Screen.labels(n.labels()),
                          n.self() ? "this node" : Screen.ago(n.at())))
                  .toList());
      return 0;
    }
  }

  private static String state(Result.NodeFacts n) {
    if (n.self()) {
      return "up";
    }
    return n.connected() ? "connected" : n.stale() ? "stale" : "heard";
  }

  @Command(description = "What one node says of itself.")
  static final class Info implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "NODE", description = "a NodeId, a unique prefix, a name, or a DID")
    private String node = "";

    Info(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      show(cis, cis.client().call(new Request.NodeInfo(node), Result.NodeFacts.class));
      return 0;
    }
  }

  private static void show(Cis cis, Result.NodeFacts n) {
    if (cis.json()) {
      cis.screen().json(n);
      return;
    }
    cis.screen()
        .fields(
            "node", n.node(),
            "did", n.did(),
            "name", n.name(),
            "state", state(n) + (n.stale() && !n.self() ? " (these facts are old)" : ""),
            "heard", n.self() ? "this node" : Screen.ago(n.at()),
            "version", Screen.orDash(n.version()),
            "load", n.load() == null ? "-" : n.load() + " of " + n.cpus() + " CPUs",
            "memory", free(n.memoryFree(), n.memoryTotal()),
            "disk", free(n.diskFree(), n.diskTotal()),
            "apps", n.apps().isEmpty() ? "-" : String.join(", ", n.apps()),
            "addresses", String.join(" ", n.addresses()),
            "labels", Screen.labels(n.labels()));
  }

  private static String free(@Nullable Long free, @Nullable Long total) {
    return free == null || total == null
        ? "-"
        : Screen.size(free) + " free of " + Screen.size(total);
  }

  @Command(description = "Connect to a node and remember it.")
  static final class Add implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "ADDRESS", description = "host:port or NODE@host:port")
    private String address = "";

    Add(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var peer = cis.client().call(new Request.Connect(address), Result.Connected.class).peer();
      var where = address.substring(address.lastIndexOf('@') + 1);
      return P2pCommands.done(cis, new Request.AddPeer(String.valueOf(peer.node()), where, null));
    }
  }

  @Command(
      description = "Set labels of this node (k=v) or take them away (k-).",
      footer = {"", "Example:", "  cis node label mynode env=test tier=web old-"})
  static final class Label implements Callable<Integer> {
    private final Cis cis;

    @Parameters(index = "0", paramLabel = "NODE", description = "this node, by id, prefix or name")
    private String node = "";

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "LABEL")
    private List<String> labels = new ArrayList<>();

    Label(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var set = new LinkedHashMap<String, String>();
      var unset = new ArrayList<String>();
      for (var label : labels) {
        if (label.endsWith("-") && !label.contains("=")) {
          unset.add(label.substring(0, label.length() - 1));
        } else {
          var pair = label(label);
          set.put(pair.getKey(), pair.getValue());
        }
      }
      show(cis, cis.client().call(new Request.NodeLabel(node, set, unset), Result.NodeFacts.class));
      return 0;
    }
  }

  /** Reads {@code k=v}. */
  static Map.Entry<String, String> label(String text) {
    int at = text.indexOf('=');
    if (at < 1) {
      throw new Fault(CliCode.USAGE, "'" + text + "' is not a label: write key=value");
    }
    return Map.entry(text.substring(0, at), text.substring(at + 1));
  }

  /** An option that names a node. */
  static final class NodeOption {
    @Option(names = "--node", paramLabel = "NODE", description = "on this node only")
    @Nullable String node;

    @Option(
        names = "--labels",
        paramLabel = "SELECTOR",
        description = "on matching nodes only, such as env=test,tier in (a,b)")
    @Nullable String labels;
  }
}
