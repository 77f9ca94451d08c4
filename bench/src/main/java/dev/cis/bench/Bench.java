package dev.cis.bench;

import com.fasterxml.jackson.jr.ob.JSON;
import java.util.List;

/** Runs a benchmark by name and prints one JSON line. */
public final class Bench {
  private static final List<Benchmark> ALL =
      List.of(
          new CliStartup(),
          new IdleMemory(),
          new TransportThroughput(),
          new TransportRpc(),
          new TransportConnect(),
          new TransportIdle(),
          new TransportFairness(),
          new DhtSimulation(),
          new DhtLoopback(),
          new AnchorLoad(),
          new NatMatrix());

  private Bench() {}

  /** {@code bench/run NAME}. */
  public static void main(String[] args) throws Exception {
    if (args.length == 1 && args[0].equals(FarSide.ARGUMENT)) {
      FarSide.run();
      return;
    }
    if (args.length == 2 && args[0].equals(Bulk.COLD)) {
      Bulk.cold(args[1]);
      System.exit(0);
    }
    if (args.length == 1 && args[0].equals(TransportIdle.NODE)) {
      TransportIdle.node();
      return;
    }
    if (args.length == 3 && args[0].equals(TransportIdle.DIALLERS)) {
      TransportIdle.diallers(args[1], Integer.parseInt(args[2]));
      return;
    }
    if (args.length == 4 && args[0].equals(AnchorCrowd.ARGUMENT)) {
      AnchorCrowd.run(args[1], args[2], args[3]);
      return;
    }
    if (args.length == 0 || args[0].startsWith("-")) {
      System.err.println("usage: bench/run NAME [OPTION VALUE]..., with one of:");
      ALL.forEach(bench -> System.err.printf("%n%s%n%s%n", bench.name(), bench.help().indent(2)));
      System.exit(args.length == 1 && args[0].equals("--help") ? 0 : 2);
    }
    for (var bench : ALL) {
      if (bench.name().equals(args[0])) {
        var options = List.of(args).subList(1, args.length);
        System.out.println(JSON.std.asString(figure(bench, options).toLine(bench.name())));
        System.exit(0); // whatever threads a library left behind
      }
    }
    System.err.println("bench: no benchmark is called '" + args[0] + "'; see bench/run --help");
    System.exit(2);
  }

  private static Figure figure(Benchmark bench, List<String> options) throws Exception {
    try {
      return bench.run(options);
    } catch (IllegalArgumentException e) {
      if (options.isEmpty()) {
        throw e;
      }
      System.err.println("bench: " + e.getMessage());
      System.exit(2);
      throw e;
    }
  }
}
