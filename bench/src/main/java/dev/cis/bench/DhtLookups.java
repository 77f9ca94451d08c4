package dev.cis.bench;

import dev.cis.dht.proto.DhtInput.Purpose;
import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What lookups came to.
 *
 * @param n how many lookups ended; those whose asker left are not counted
 * @param found the share that found what they looked for: the record of the node, or the node that
 *     is closest to the key
 * @param hops questions one after the other that led to it, on average
 * @param questions questions altogether, on average
 * @param p50 milliseconds of virtual time
 * @param p99 milliseconds of virtual time
 */
record DhtLookups(int n, double found, double hops, double questions, double p50, double p99) {
  private static final Duration BETWEEN = Duration.ofMillis(20);

  /** Longer than any lookup takes. */
  private static final Duration LONGEST = Duration.ofSeconds(60);

  /** A lookup and the id that it should find. */
  record Open(long lookup, NodeId wanted) {}

  /** Nodes chosen by chance look for others chosen by chance, all honest and there. */
  static DhtLookups ofNodes(DhtWorld world, int count) {
    var open = new ArrayList<Open>();
    for (int i = 0; i < count; i++) {
      open.add(forNode(world, world.anyAlive(), world.anyAlive()));
      world.runFor(BETWEEN);
    }
    return ended(world, open);
  }

  /** Nodes chosen by chance look for the nodes closest to random keys. */
  static DhtLookups ofKeys(DhtWorld world, int count) {
    var open = new ArrayList<Open>();
    for (int i = 0; i < count; i++) {
      open.add(forKey(world, world.anyAlive()));
      world.runFor(BETWEEN);
    }
    return ended(world, open);
  }

  static Open forNode(DhtWorld world, int asker, int target) {
    var id = world.id(target);
    return new Open(world.look(asker, id, Purpose.FIND_PEER), id);
  }

  static Open forKey(DhtWorld world, int asker) {
    var key = new byte[NodeId.BYTES];
    world.random().nextBytes(key);
    var id = NodeId.of(key);
    return new Open(world.look(asker, id, Purpose.FIND_CLOSEST), world.closest(id, asker));
  }

  /** Waits until they are over, and sums up. */
  static DhtLookups ended(DhtWorld world, List<Open> open) {
    world.runFor(LONGEST);
    return sum(world, open);
  }

  /** Sums up those that are over. */
  static DhtLookups sum(DhtWorld world, List<Open> open) {
    var millis = new ArrayList<Double>();
    int found = 0;
    double hops = 0;
    double questions = 0;
    for (var one : open) {
      var result = world.result(one.lookup);
      if (result == null) {
        continue;
      }
      var done = result.done();
      boolean right =
          done.found().isPresent()
              || (!done.closest().isEmpty()
                  && done.closest().getFirst().value().node().equals(one.wanted));
      found += right ? 1 : 0;
      hops += done.hops();
      questions += done.requests();
      millis.add(result.millis());
    }
    int n = millis.size();
    if (n == 0) {
      return new DhtLookups(0, 0, 0, 0, 0, 0);
    }
    millis.sort(Double::compare);
    return new DhtLookups(
        n,
        (double) found / n,
        hops / n,
        questions / n,
        millis.get(n / 2),
        millis.get((int) (n * 0.99)));
  }

  Map<String, Object> toNotes() {
    var notes = new LinkedHashMap<String, Object>();
    notes.put("n", n);
    notes.put("found", Math.round(found * 1e5) / 1e5);
    notes.put("hops_mean", Figure.rounded(hops));
    notes.put("questions_mean", Figure.rounded(questions));
    notes.put("p50_ms", Figure.rounded(p50));
    notes.put("p99_ms", Figure.rounded(p99));
    return notes;
  }
}
