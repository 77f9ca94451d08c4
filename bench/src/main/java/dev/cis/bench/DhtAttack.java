package dev.cis.bench;

import dev.cis.dht.proto.KademliaConfig;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.transport.PeerRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Nodes under one hand turn against a simulated DHT. */
final class DhtAttack {
  private static final Duration SETTLE = Duration.ofMinutes(2);

  /** The hostile share of all nodes is one in so many. */
  private static final int ONE_IN = 5;

  private DhtAttack() {}

  /**
   * A fifth of the nodes of a settled network turns hostile: long known to everyone, at addresses
   * of their own, with ids as chance gave them.
   *
   * @param reign how long they are hostile before anything is looked up
   */
  static DhtLookups sybil(
      long seed, int nodes, KademliaConfig config, Duration reign, int lookups) {
    var world = new DhtWorld(seed, config);
    world.grow(nodes);
    world.runFor(SETTLE);
    world.corrupt(nodes / ONE_IN);
    world.runFor(reign);
    return DhtLookups.ofNodes(world, lookups);
  }

  /**
   * Victims are surrounded: for each of them hostile nodes join whose ids share so many bits with
   * its id, which takes the attacker 2 to the power of that trials of a key each, and which all
   * dial every honest node. Each group of them is closer to its victim than any honest node. They
   * come from few subnets, since an id costs only time and an address costs money. A fifth of all
   * nodes is theirs.
   *
   * @param bits how many
   * @param subnets public subnets that they share
   * @param victims how many nodes are surrounded; only those are looked for
   */
  static DhtLookups eclipse(
      long seed,
      int nodes,
      KademliaConfig config,
      int bits,
      int subnets,
      int victims,
      Duration reign,
      int lookups) {
    var world = new DhtWorld(seed, config);
    int honest = nodes - nodes / ONE_IN;
    world.grow(honest);
    world.runFor(SETTLE);
    var surrounded = new ArrayList<Integer>();
    while (surrounded.size() < victims) {
      int victim = world.anyAlive();
      if (!surrounded.contains(victim)) {
        surrounded.add(victim);
      }
    }
    world.infiltrate(crowd(world, surrounded, nodes / ONE_IN, bits, subnets));
    world.runFor(reign);
    var open = new ArrayList<DhtLookups.Open>();
    for (int i = 0; i < lookups; i++) {
      open.add(DhtLookups.forNode(world, world.anyAlive(), surrounded.get(i % victims)));
      world.runFor(Duration.ofMillis(20));
    }
    return DhtLookups.ended(world, open);
  }

  private static List<Signed<PeerRecord>> crowd(
      DhtWorld world, List<Integer> victims, int size, int bits, int subnets) {
    var random = world.random();
    var key = KeyPair.generate(random); // their ids are given, not ground, so one key serves all
    var crowd = new ArrayList<Signed<PeerRecord>>();
    for (int i = 0; i < size; i++) {
      byte[] id = world.id(victims.get(i % victims.size())).bytes();
      byte[] own = new byte[NodeId.BYTES];
      random.nextBytes(own);
      System.arraycopy(id, 0, own, 0, bits / 8);
      int mask = 0xFF >> bits % 8;
      own[bits / 8] = (byte) ((id[bits / 8] & ~mask) | (own[bits / 8] & mask));
      var host = "200." + i % subnets / 256 + "." + i % subnets % 256 + "." + (1 + i / subnets);
      crowd.add(DhtWorld.record(key, NodeId.of(own), world.size() + i, host));
    }
    return crowd;
  }
}
