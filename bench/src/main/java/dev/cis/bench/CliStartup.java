package dev.cis.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How long a user waits for a command. */
final class CliStartup implements Benchmark {
  private static final int ROUNDS = 25;

  @Override
  public String name() {
    return "cli-startup";
  }

  @Override
  public String help() {
    return """
    Starts a daemon, then runs in turn, %d times: './cis p2p status' (launcher, JVM, socket,
    daemon, answer), './cis version' (no daemon asked) and 'java --version' of the same JDK.
    Each is timed as a whole process. value: median of 'cis p2p status' in ms; beside it the
    other two, the median of the pairwise ratio to the bare JVM, and the time of one
    'cis p2p start' until the daemon is ready.\
    """
        .formatted(ROUNDS);
  }

  @Override
  public Figure run() throws IOException {
    var java = System.getProperty("java.home") + "/bin/java";
    try (var node = new LiveNode("startup")) {
      double ready = node.start("--no-mdns");
      node.cis("version"); // the class cache is there from here on
      node.cis("p2p", "status");
      var status = new ArrayList<Double>();
      var version = new ArrayList<Double>();
      var bare = new ArrayList<Double>();
      var ratio = new ArrayList<Double>();
      for (int i = 0; i < ROUNDS; i++) {
        status.add(node.cis("p2p", "status"));
        version.add(node.cis("version"));
        bare.add(LiveNode.time(List.of(java, "--version")));
        ratio.add(status.getLast() / bare.getLast());
      }
      var notes = new LinkedHashMap<String, Object>();
      notes.put("version_ms", Figure.rounded(median(version)));
      notes.put("bare_jvm_ms", Figure.rounded(median(bare)));
      notes.put("ratio_to_bare_jvm", Figure.rounded(median(ratio)));
      notes.put("start_to_ready_ms", Figure.rounded(ready));
      return new Figure(
          "command with daemon, whole process",
          median(status),
          "ms",
          ROUNDS,
          median(status),
          Collections.max(status),
          Map.copyOf(notes));
    }
  }

  static double median(List<Double> samples) {
    return samples.stream().sorted().toList().get(samples.size() / 2);
  }
}
