package dev.cis.bench;

/** One benchmark, by name. */
interface Benchmark {
  /** The name on the command line. */
  String name();

  /** What it does, in words that a stranger can check. */
  String help();

  /** Runs it; progress goes to stderr. */
  Figure run() throws Exception;
}
