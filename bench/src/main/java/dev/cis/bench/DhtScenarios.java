package dev.cis.bench;

import dev.cis.dht.proto.KademliaConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;

/** What happens to a simulated DHT, and how it does. */
final class DhtScenarios {
  private static final Duration SETTLE = Duration.ofMinutes(2);

  private static final Duration QUIET = Duration.ofHours(1);

  /** Nodes that look, and are looked for, under churn have been there for so long at least. */
  private static final Duration SETTLED_IN = Duration.ofSeconds(30);

  private DhtScenarios() {}

  /**
   * What a size came to.
   *
   * @param still lookups of nodes while nobody comes or goes
   * @param keys lookups of random keys at the same time
   * @param churned lookups of nodes while half of the nodes are replaced per hour
   * @param stillCost what nodes say while nobody looks for anything and nobody comes or goes
   * @param churnedCost the same while half of them are replaced per hour
   */
  record Scale(
      DhtLookups still,
      DhtLookups keys,
      DhtLookups churned,
      Map<String, Object> stillCost,
      Map<String, Object> churnedCost) {
    Map<String, Object> toNotes() {
      var notes = new LinkedHashMap<String, Object>();
      notes.put("still", still.toNotes());
      notes.put("still_random_keys", keys.toNotes());
      notes.put("half_replaced_per_hour", churned.toNotes());
      notes.put("per_node_and_hour_still", stillCost);
      notes.put("per_node_and_hour_half_replaced", churnedCost);
      return notes;
    }
  }

  /** A network grows, rests for an hour, and is churned for some minutes, twice. */
  static Scale scale(long seed, int nodes, int minutes, int count) {
    var world = new DhtWorld(seed, KademliaConfig.DEFAULT);
    world.grow(nodes);
    world.runFor(SETTLE);
    var still = DhtLookups.ofNodes(world, count);
    progress(nodes + " nodes, nobody comes or goes: " + still);
    var keys = DhtLookups.ofKeys(world, count / 4);
    progress(nodes + " nodes, random keys: " + keys);
    var before = world.traffic().count();
    world.runFor(QUIET);
    var stillCost = cost(world.traffic().count().since(before), nodes, QUIET);
    progress(nodes + " nodes, per node and hour: " + stillCost);
    var time = Duration.ofMinutes(minutes);
    churn(world, time, 0);
    before = world.traffic().count();
    var churned = churn(world, time, count);
    var said = world.traffic().count().since(before);
    progress(nodes + " nodes, half of them replaced per hour: " + churned);
    var churnedCost = cost(said, nodes, time);
    progress(nodes + " nodes, churned, per node and hour: " + churnedCost);
    return new Scale(still, keys, churned, stillCost, churnedCost);
  }

  /** Half of the nodes are replaced per hour; lookups are spread over the time. */
  static DhtLookups churn(DhtWorld world, Duration time, int count) {
    var step = Duration.ofMillis(20);
    double perStep = world.alive().size() / 2.0 / Duration.ofHours(1).dividedBy(step);
    double lookupsPerStep = (double) count / time.dividedBy(step);
    var open = new ArrayList<DhtLookups.Open>();
    double leaving = 0;
    double looking = 0;
    for (long i = time.dividedBy(step); i > 0; i--) {
      for (leaving += perStep; leaving >= 1; leaving--) {
        world.leave();
        int _ = world.join();
      }
      for (looking += lookupsPerStep; looking >= 1; looking--) {
        int asker = world.anyAlive(SETTLED_IN);
        open.add(DhtLookups.forNode(world, asker, world.anyAlive(SETTLED_IN)));
      }
      world.runFor(step);
    }
    return open.isEmpty() ? new DhtLookups(0, 0, 0, 0, 0, 0) : DhtLookups.ended(world, open);
  }

  private static Map<String, Object> cost(DhtTraffic.Count count, int nodes, Duration time) {
    double share = Duration.ofHours(1).toMillis() / (double) time.toMillis() / nodes;
    var cost = new LinkedHashMap<String, Object>();
    cost.put("messages", Figure.rounded(count.messages() * share));
    cost.put("kilobytes", Figure.rounded(count.bytes() * share / 1000));
    cost.put("handshakes", Figure.rounded(count.dials() * share));
    return cost;
  }

  private static void progress(String text) {
    System.err.println("bench: " + text);
  }
}
