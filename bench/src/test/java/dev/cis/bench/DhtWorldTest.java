package dev.cis.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.dht.proto.KademliaConfig;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * The scenarios of {@code dht-sim}, smaller, each from one seed: what happens is the same always.
 */
class DhtWorldTest {
  private static final KademliaConfig ON = KademliaConfig.DEFAULT;
  private static final KademliaConfig ONE_PATH = ON.withPaths(1, 1);

  @Test
  void amongAThousandNodesEveryLookupEndsRightInFewHops() {
    var world = new DhtWorld(1, ON);
    world.grow(1_000);
    world.runFor(Duration.ofMinutes(1));
    var nodes = DhtLookups.ofNodes(world, 1_000);
    assertThat(nodes.n()).isEqualTo(1_000);
    assertThat(nodes.found()).isEqualTo(1);
    assertThat(nodes.hops()).isLessThanOrEqualTo(5); // half of log2 of 1,024
    assertThat(nodes.p99()).isLessThan(500);
    var keys = DhtLookups.ofKeys(world, 300);
    assertThat(keys.n()).isEqualTo(300);
    assertThat(keys.found()).isEqualTo(1);
  }

  @Test
  void nodesAreFoundWhileHalfOfAllAreReplacedPerHour() {
    var world = new DhtWorld(2, ON);
    world.grow(300);
    world.runFor(Duration.ofMinutes(1));
    var churned = DhtScenarios.churn(world, Duration.ofMinutes(30), 1_000);
    assertThat(churned.n()).isGreaterThan(990);
    assertThat(churned.found()).isGreaterThanOrEqualTo(0.999);
    assertThat(churned.p99()).isLessThan(500);
  }

  @Test
  void halvesThatWereApartForAnHourBecomeOneAgain() {
    var result = DhtPartition.run(3, 200, Duration.ofHours(1), 100);
    assertThat(result.apart().found()).isEqualTo(1);
    assertThat(result.minutes()).isBetween(0.0, 20.0);
    assertThat(result.after().found()).isEqualTo(1);
  }

  @Test
  void aFifthOfLiarsHidesNobodyButWouldFromASinglePath() {
    var guarded = DhtAttack.sybil(4, 400, ON, Duration.ofMinutes(12), 600);
    var bare = DhtAttack.sybil(4, 400, ONE_PATH, Duration.ofMinutes(12), 600);
    assertThat(guarded.n()).isEqualTo(600);
    assertThat(guarded.found()).isGreaterThanOrEqualTo(0.99);
    assertThat(bare.found()).isLessThan(guarded.found());
  }

  @Test
  void aNodeSurroundedByLiarsIsFoundButWouldNotBeOnASinglePath() {
    var guarded = DhtAttack.eclipse(5, 400, ON, 24, 20, 4, Duration.ofMinutes(12), 400);
    var bare = DhtAttack.eclipse(5, 400, ONE_PATH, 24, 20, 4, Duration.ofMinutes(12), 400);
    assertThat(guarded.n()).isEqualTo(400);
    assertThat(guarded.found()).isGreaterThanOrEqualTo(0.99);
    assertThat(bare.found()).isLessThan(0.9);
  }

  @Test
  void aSeedReplaysExactly() {
    assertThat(DhtAttack.sybil(6, 100, ON, Duration.ofMinutes(1), 50))
        .isEqualTo(DhtAttack.sybil(6, 100, ON, Duration.ofMinutes(1), 50));
  }
}
