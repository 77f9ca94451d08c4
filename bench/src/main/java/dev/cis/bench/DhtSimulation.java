package dev.cis.bench;

import dev.cis.dht.proto.KademliaConfig;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** How the DHT does at sizes, and through misfortunes, that no machine has. */
final class DhtSimulation implements Benchmark {
  private static final int SMALL = 1_000;
  private static final Duration REIGN = Duration.ofMinutes(15);
  private static final Duration APART = Duration.ofHours(1);

  /** An id that shares so many bits with another costs 2 to the power of that keys. */
  private static final int GROUND_BITS = 24;

  private static final int SUBNETS = 20;
  private static final int VICTIMS = 10;

  private static final KademliaConfig ON = KademliaConfig.DEFAULT;
  private static final KademliaConfig ONE_PATH = ON.withPaths(1, 1);
  private static final KademliaConfig ANY_SUBNET = ON.withSubnets(Integer.MAX_VALUE, ON.k());

  @Override
  public String name() {
    return "dht-sim";
  }

  @Override
  public String help() {
    return """
    Runs the DHT machines of real nodes in virtual time: each message takes 23 to 27 ms, a question
    to a node without a connection waits 50 ms for a handshake first, connections end after a minute
    without use, and nodes leave without a word. The parts (--scenario, default all):
      scale      10,000 nodes (--nodes) and 1,000: lookups of nodes and of random keys while nobody
                 comes or goes, then what each node says in an hour without lookups. Then half of the
                 nodes are replaced per hour for twice --minutes (10); in the second half of it the
                 cost is counted, with that of lookups made meanwhile. Those that look or are looked
                 for have been there for 30 s.
      partition  1,000 nodes are cut into halves for an hour and put together again.
      sybil      1,000 nodes, of which a fifth name only each other for 15 minutes; with the defences
                 and with a single path.
      eclipse    1,000 nodes, of which a fifth, in 20 subnets of public addresses, have ids that share
                 24 bits with one of 10 victims and name only each other; lookups of the victims, with
                 the defences, and without paths, subnet bounds, and both.
    A lookup of a node succeeds when its record is found, that of a key when the node that is closest
    to it is. Bytes are those of questions and answers, without what QUIC adds. --lookups (5000) and
    --seed (1) as they say. value: share of lookups that succeed among 10,000 nodes under churn,
    p50 and p99 their milliseconds. It takes some minutes, two threads and 4 GB.\
    """;
  }

  @Override
  public Figure run() throws Exception {
    return run(List.of());
  }

  @Override
  public Figure run(List<String> options) {
    var chosen = DhtOptions.read(options);
    var notes = new LinkedHashMap<String, Object>();
    notes.put("seed", chosen.seed());
    // Each simulation is its own world, so that the result does not depend on the other thread.
    var others = CompletableFuture.supplyAsync(() -> others(chosen));
    DhtScenarios.@Nullable Scale scale = null;
    if (chosen.runs("scale")) {
      scale = DhtScenarios.scale(chosen.seed(), chosen.nodes(), chosen.minutes(), chosen.lookups());
      notes.put("nodes_" + chosen.nodes(), scale.toNotes());
    }
    notes.putAll(others.join());
    if (scale == null) {
      return new Figure("see notes", 0, "none", 0, null, null, notes);
    }
    var churned = scale.churned();
    return new Figure(
        "lookups found under churn",
        churned.found(),
        "share",
        churned.n(),
        churned.p50(),
        churned.p99(),
        notes);
  }

  private static Map<String, Object> others(DhtOptions chosen) {
    var notes = new LinkedHashMap<String, Object>();
    long seed = chosen.seed();
    int lookups = Math.max(10, chosen.lookups() / 5);
    if (chosen.runs("scale") && chosen.nodes() > SMALL) {
      var small = DhtScenarios.scale(seed, SMALL, chosen.minutes(), chosen.lookups());
      notes.put("nodes_" + SMALL, small.toNotes());
    }
    if (chosen.runs("partition")) {
      put(notes, "partition", DhtPartition.run(seed, SMALL, APART, lookups).toNotes());
    }
    if (chosen.runs("sybil")) {
      put(notes, "sybil", DhtAttack.sybil(seed, SMALL, ON, REIGN, lookups).toNotes());
      put(
          notes,
          "sybil_one_path",
          DhtAttack.sybil(seed, SMALL, ONE_PATH, REIGN, lookups).toNotes());
    }
    if (chosen.runs("eclipse")) {
      put(notes, "eclipse", eclipse(seed, ON, lookups));
      put(notes, "eclipse_one_path", eclipse(seed, ONE_PATH, lookups));
      put(notes, "eclipse_any_subnet", eclipse(seed, ANY_SUBNET, lookups));
      var neither = ONE_PATH.withSubnets(Integer.MAX_VALUE, ON.k());
      put(notes, "eclipse_one_path_any_subnet", eclipse(seed, neither, lookups));
    }
    return notes;
  }

  private static Map<String, Object> eclipse(long seed, KademliaConfig config, int lookups) {
    return DhtAttack.eclipse(seed, SMALL, config, GROUND_BITS, SUBNETS, VICTIMS, REIGN, lookups)
        .toNotes();
  }

  private static void put(Map<String, Object> notes, String name, Map<String, Object> figures) {
    notes.put(name, figures);
    System.err.println("bench: " + name + ": " + figures);
  }
}
