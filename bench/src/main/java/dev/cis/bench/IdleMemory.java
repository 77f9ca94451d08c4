package dev.cis.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What a daemon that does nothing costs. */
final class IdleMemory implements Benchmark {
  private static final int SETTLE_SECONDS = 30;

  @Override
  public String name() {
    return "idle-memory";
  }

  @Override
  public String help() {
    return """
    Starts two daemons with --dht, connected with each other, as a user would start them, leaves
    them alone for %d seconds, and reads the first one's resident set (VmRSS) from /proc. Beside
    it the proportional and private sets, and the resident set of a bare JVM of the same JDK
    that only sleeps. value: MB of VmRSS. Linux only.\
    """
        .formatted(SETTLE_SECONDS);
  }

  @Override
  public Figure run() throws IOException, InterruptedException {
    try (var first = new LiveNode("idle");
        var second = new LiveNode("idle-peer")) {
      first.start("--dht", "--no-mdns");
      second.start("--dht", "--no-mdns", "--bootstrap", "127.0.0.1:" + first.port());
      var bare =
          new ProcessBuilder(
                  System.getProperty("java.home") + "/bin/java",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "-Xmx64m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Sleeper.class.getName())
              .start();
      try {
        // Not a wait for a condition: idling is what is measured.
        TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
        var sets = memory(first.pid());
        double own = sets.getOrDefault("Rss", 0.0);
        double reference = memory(bare.pid()).getOrDefault("Rss", 0.0);
        var notes = new LinkedHashMap<String, Object>();
        notes.put("pss_mb", Figure.rounded(sets.getOrDefault("Pss", 0.0)));
        notes.put(
            "private_mb",
            Figure.rounded(
                sets.getOrDefault("Private_Dirty", 0.0) + sets.getOrDefault("Private_Clean", 0.0)));
        notes.put("bare_jvm_mb", Figure.rounded(reference));
        notes.put("ratio_to_bare_jvm", Figure.rounded(own / reference));
        return new Figure("resident set of an idle daemon", own, "MB", 1, null, null, notes);
      } finally {
        bare.destroy();
      }
    }
  }

  /** The sums of /proc/PID/smaps_rollup in MB. */
  private static Map<String, Double> memory(long pid) throws IOException {
    var sets = new LinkedHashMap<String, Double>();
    for (var line : Files.readAllLines(Path.of("/proc/" + pid + "/smaps_rollup"))) {
      var words = List.of(line.strip().split("\\s+", -1));
      if (words.size() == 3 && words.get(2).equals("kB")) {
        sets.put(words.get(0).replace(":", ""), Long.parseLong(words.get(1)) / 1024.0);
      }
    }
    return sets;
  }

  /** A JVM that does nothing. */
  static final class Sleeper {
    private Sleeper() {}

    public static void main(String[] args) throws InterruptedException {
      Thread.currentThread().join();
    }
  }
}
