package dev.cis.bench;

import java.util.List;

/**
 * What {@code dht-sim} is told on the command line.
 *
 * @param scenario which part to run, or all
 * @param seed from which everything follows
 * @param nodes size of the large network
 * @param minutes of virtual time in which nodes come and go before anything is measured, and as
 *     many in which it is
 * @param lookups how many lookups each figure is taken from
 */
record DhtOptions(String scenario, long seed, int nodes, int minutes, int lookups) {
  private static final List<String> SCENARIOS =
      List.of("all", "scale", "partition", "sybil", "eclipse");

  /** Checks the ranges. */
  DhtOptions {
    if (!SCENARIOS.contains(scenario)) {
      throw new IllegalArgumentException("--scenario is one of " + SCENARIOS);
    }
    within("--nodes", nodes, 50, 100_000);
    within("--minutes", minutes, 1, 600);
    within("--lookups", lookups, 10, 1_000_000);
  }

  static DhtOptions read(List<String> words) {
    var scenario = "all";
    long seed = 1;
    int nodes = 10_000;
    int minutes = 10;
    int lookups = 5_000;
    for (int i = 0; i < words.size(); i += 2) {
      if (i + 1 == words.size()) {
        throw new IllegalArgumentException(words.get(i) + " needs a value");
      }
      var value = words.get(i + 1);
      switch (words.get(i)) {
        case "--scenario" -> scenario = value;
        case "--seed" -> seed = Long.parseLong(value);
        case "--nodes" -> nodes = Integer.parseInt(value);
        case "--minutes" -> minutes = Integer.parseInt(value);
        case "--lookups" -> lookups = Integer.parseInt(value);
        default ->
            throw new IllegalArgumentException(
                "dht-sim has no option " + words.get(i) + "; see bench/run --help");
      }
    }
    return new DhtOptions(scenario, seed, nodes, minutes, lookups);
  }

  boolean runs(String part) {
    return scenario.equals("all") || scenario.equals(part);
  }

  private static void within(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          option + " from " + least + " to " + most + ", not " + value);
    }
  }
}
