package dev.cis.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.gossip.proto.RumourId;
import dev.cis.sim.Seeds;
import dev.cis.sim.SimNetwork.Conditions;
import dev.cis.sync.proto.Fingerprint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A hundred nodes with one bootstrap address each, running DHT, gossip and sync together, while a
 * tenth of all messages is lost. Then a partition cuts 20 to 50 of them off, both sides go on
 * writing, and it heals. In the end all memories are equal, rumours reach everyone, and everyone
 * can be found.
 */
class HundredNodesTest {
  private static final int NODES = 100;
  private static final int SEEDS = 40;
  private static final int ALL_SEEDS = 200;
  private static final Conditions LOSSY =
      new Conditions(Duration.ofMillis(5), Duration.ofMillis(45), 0.1, 0.01);

  @Test
  void aHundredNodesConvergeAfterLossAndPartitionFromFortySeeds() {
    Seeds.eachInParallel(SEEDS, seed -> new Scenario(seed).run());
  }

  @Test
  @Tag("lab") // for its minutes
  void aHundredNodesConvergeAfterLossAndPartitionFromTwoHundredSeeds() {
    Seeds.eachInParallel(ALL_SEEDS, seed -> new Scenario(seed).run());
  }

  @Test
  void aSeedReplaysExactly() {
    var first = new Scenario(4711);
    first.run();
    var second = new Scenario(4711);
    second.run();
    assertThat(second.world.simulation().eventsRun())
        .isEqualTo(first.world.simulation().eventsRun());
    assertThat(second.world.node(0).memory()).isEqualTo(first.world.node(0).memory());
  }

  private static final class Scenario {
    final SimWorld world;
    final RandomGenerator random;
    int writes;

    Scenario(long seed) {
      world = new SimWorld(seed, LOSSY);
      random = world.simulation().newRandom();
    }

    void run() {
      grow();
      write(15, Duration.ofSeconds(10));
      partition();
      convergence();
      rumours();
      lookups();
    }

    /** Every node knows one earlier node; nothing else connects them. */
    void grow() {
      for (int i = 0; i < NODES; i++) {
        var node = world.add();
        if (i > 0) {
          int bootstrap = random.nextInt(i);
          node.meet(world.record(bootstrap));
          world.node(bootstrap).meet(world.record(i));
        }
        world.simulation().runFor(Duration.ofMillis(50));
      }
      world.simulation().runFor(Duration.ofSeconds(10));
    }

    /** Random nodes write, some of them the same keys, some delete. */
    void write(int count, Duration over) {
      for (int i = 0; i < count; i++) {
        var node = world.node(random.nextInt(NODES));
        boolean shared = random.nextInt(3) == 0;
        var key = shared ? "shared/" + random.nextInt(4) : "note/" + writes;
        node.write(key, "value " + writes++, shared && random.nextInt(4) == 0);
        world.simulation().runFor(over.dividedBy(count));
      }
    }

    void partition() {
      int size = 20 + random.nextInt(31);
      var island = random.ints(0, NODES).distinct().limit(size).boxed().collect(Collectors.toSet());
      world.network().partition(island);
      write(15, Duration.ofSeconds(20));
      // Until gossip has forgotten what was written: only an exchange of memories can mend it.
      world.simulation().runFor(SimNode.GOSSIP.lifetime());
      // Otherwise nothing had been divided, and healing it would prove nothing.
      assertThat(memories().size()).as("different memories during the partition").isGreaterThan(1);
      world.network().heal();
    }

    void convergence() {
      boolean equal = world.reachesWithin(Duration.ofMinutes(3), () -> memories().size() == 1);
      assertThat(equal)
          .as("all memories equal; there are " + memories().size() + " different ones: ")
          .isTrue();
      assertThat(memories().iterator().next().count()).isGreaterThan(15);
    }

    Set<Fingerprint> memories() {
      return world.nodes().stream().map(SimNode::memory).collect(Collectors.toSet());
    }

    void rumours() {
      var told = new ArrayList<RumourId>();
      for (int i = 0; i < 3; i++) {
        told.add(world.node(random.nextInt(NODES)).publish("news " + i));
      }
      world.reachesWithin(Duration.ofSeconds(30), () -> deaf(told).isEmpty());
      assertThat(deaf(told)).as("nodes that missed a rumour after the partition").isEmpty();
    }

    List<Integer> deaf(List<RumourId> told) {
      return IntStream.range(0, NODES)
          .filter(i -> !told.stream().allMatch(world.node(i)::heard))
          .boxed()
          .toList();
    }

    /**
     * Everyone is looked up by somebody. The halves of the DHT have until three minutes after the
     * rest to find together: nodes given up for gone are asked again only now and then.
     */
    void lookups() {
      var targets = IntStream.range(0, NODES).boxed().toList();
      for (int round = 0; round < 12 && !targets.isEmpty(); round++) {
        targets = notFound(targets);
      }
      assertThat(targets).as("nodes that no lookup finds").isEmpty();
      assertThat(notFound(IntStream.range(0, NODES).boxed().toList()))
          .as("nodes that a lookup does not find though all is well again")
          .isEmpty();
    }

    /** Looks the targets up from random nodes, for 15 seconds. */
    List<Integer> notFound(List<Integer> targets) {
      record Lookup(SimNode asker, long number, int target) {}
      var all = new ArrayList<Lookup>();
      for (int target : targets) {
        var asker = world.node((target + 1 + random.nextInt(NODES - 1)) % NODES);
        all.add(new Lookup(asker, asker.lookUp(world.id(target)), target));
      }
      world.simulation().runFor(Duration.ofSeconds(15));
      return all.stream()
          .filter(lookup -> !lookup.asker.hasFound(lookup.number))
          .map(Lookup::target)
          .toList();
    }
  }
}
