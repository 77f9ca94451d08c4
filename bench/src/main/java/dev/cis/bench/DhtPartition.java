package dev.cis.bench;

import dev.cis.dht.proto.KademliaConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A simulated DHT is cut into halves, each of which goes on, and is put together again.
 *
 * @param apart lookups within one half at the end of that time
 * @param minutes after the healing until a hundred lookups of random keys all ended at the node
 *     that is closest in both halves, and it had answered, three times in a row; -1 when that did
 *     not happen
 * @param foundAtOnce share of lookups of nodes across, started in the moment of the healing, that
 *     found them: nodes keep records for each other, also of those that are away
 * @param after lookups in all of it then
 */
record DhtPartition(DhtLookups apart, double minutes, double foundAtOnce, DhtLookups after) {
  private static final Duration SETTLE = Duration.ofMinutes(2);
  private static final Duration LONGEST = Duration.ofHours(2);
  private static final Duration LOOKS = Duration.ofSeconds(15);
  private static final int TRIED = 100;

  static DhtPartition run(long seed, int nodes, Duration time, int lookups) {
    var world = new DhtWorld(seed, KademliaConfig.DEFAULT);
    world.grow(nodes);
    world.runFor(SETTLE);
    var crowd = List.copyOf(world.alive());
    var one = crowd.subList(0, nodes / 2);
    var other = crowd.subList(nodes / 2, nodes);
    world.partition();
    world.runFor(time);
    var within = new ArrayList<DhtLookups.Open>();
    for (int i = 0; i < lookups; i++) {
      within.add(DhtLookups.forNode(world, any(world, one), any(world, one)));
      world.runFor(Duration.ofMillis(20));
    }
    var apart = DhtLookups.ended(world, within);
    world.heal();
    var waited = Duration.ZERO;
    var across = across(world, one, other);
    int inARow = 0;
    while (inARow < 3 && waited.compareTo(LONGEST) < 0) {
      var keys = new ArrayList<DhtLookups.Open>();
      for (int i = 0; i < TRIED; i++) {
        keys.add(DhtLookups.forKey(world, world.anyAlive()));
      }
      world.runFor(LOOKS);
      var all = DhtLookups.sum(world, keys);
      progress(waited.toSeconds() + " s after the healing, random keys: " + all);
      inARow = all.n() == TRIED && all.found() == 1 ? inARow + 1 : 0;
      waited = waited.plus(LOOKS);
    }
    double minutes = inARow < 3 ? -1 : waited.minus(LOOKS.multipliedBy(3)).toSeconds() / 60.0;
    double atOnce = DhtLookups.sum(world, across).found();
    return new DhtPartition(apart, minutes, atOnce, DhtLookups.ofNodes(world, lookups));
  }

  private static int any(DhtWorld world, List<Integer> nodes) {
    return nodes.get(world.random().nextInt(nodes.size()));
  }

  private static List<DhtLookups.Open> across(
      DhtWorld world, List<Integer> one, List<Integer> other) {
    var open = new ArrayList<DhtLookups.Open>();
    for (int i = 0; i < TRIED; i++) {
      boolean there = i % 2 == 0;
      int asker = any(world, there ? one : other);
      open.add(DhtLookups.forNode(world, asker, any(world, there ? other : one)));
    }
    return open;
  }

  private static void progress(String text) {
    System.err.println("bench: partition: " + text);
  }

  Map<String, Object> toNotes() {
    var notes = new LinkedHashMap<String, Object>();
    notes.put("within_a_half", apart.toNotes());
    notes.put("found_across_at_once", foundAtOnce);
    notes.put("minutes_until_tables_are_one", Figure.rounded(minutes));
    notes.put("after", after.toNotes());
    return notes;
  }
}
