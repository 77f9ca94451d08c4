package dev.cis.bench;

import java.util.List;

/** One benchmark, by name. */
interface Benchmark {
  /** The name on the command line. */
  String name();

  /** What it does, in words that a stranger can check. */
  String help();

  /** Runs it; progress goes to stderr. */
  Figure run() throws Exception;

  /** The same with options of its own; most have none. */
  default Figure run(List<String> options) throws Exception {
    if (!options.isEmpty()) {
      throw new IllegalArgumentException(name() + " takes no options, not " + options);
    }
    return run();
  }
}
