package dev.cis.sync.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sim.Seeds;
import dev.cis.sim.SimHost;
import dev.cis.sim.SimNetwork;
import dev.cis.sim.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class SyncSimulationTest {
  private static final SimNetwork.Conditions BAD =
      new SimNetwork.Conditions(Duration.ofMillis(10), Duration.ofMillis(40), 0.1, 0.1);

  private static final class World {
    final Simulation simulation;
    final SimNetwork<NodeId, Object> network;
    final RandomGenerator random;
    final List<NodeId> ids = new ArrayList<>();
    final Map<NodeId, InMemoryStore> stores = new HashMap<>();
    final Map<NodeId, SimHost<SyncInput, SyncOutput>> hosts = new HashMap<>();
    final List<SyncOutput.Finished> finished = new ArrayList<>();
    boolean push = true;

    World(long seed, int nodes, SimNetwork.Conditions conditions) {
      simulation = new Simulation(seed);
      network = new SimNetwork<>(simulation, conditions);
      random = simulation.newRandom();
      for (int i = 0; i < nodes; i++) {
        var bytes = new byte[NodeId.BYTES];
        random.nextBytes(bytes);
        ids.add(NodeId.of(bytes));
      }
      for (var id : ids) {
        stores.put(id, new InMemoryStore(id, Signatures.trusting(id)));
        hosts.put(id, new SimHost<>(simulation, machine(id), o -> perform(id, o)));
        network.attach(id, (from, message) -> receive(id, from, message));
        connect(id);
      }
    }

    SyncMachine machine(NodeId id) {
      return new SyncMachine(
          id,
          "",
          Pace.DEFAULT,
          simulation.newRandom(),
          store(id),
          Signatures.trusting(id),
          Admission.BASIC);
    }

    InMemoryStore store(NodeId id) {
      return java.util.Objects.requireNonNull(stores.get(id));
    }

    SimHost<SyncInput, SyncOutput> host(NodeId id) {
      return java.util.Objects.requireNonNull(hosts.get(id));
    }

    void connect(NodeId id) {
      ids.stream().filter(p -> !p.equals(id)).forEach(p -> host(id).on(new SyncInput.PeerUp(p)));
    }

    void perform(NodeId id, SyncOutput output) {
      switch (output) {
        case SyncOutput.Send(var to, var message) -> network.send(id, to, message);
        case SyncOutput.Broadcast(var entries) -> {
          for (var to : ids) {
            if (push && !to.equals(id)) {
              network.send(id, to, new Push(entries));
            }
          }
        }
        case SyncOutput.Finished f -> finished.add(f);
        case SyncOutput.Declined _ -> {}
      }
    }

    void receive(NodeId id, NodeId from, Object message) {
      switch (message) {
        case SyncMessage m -> host(id).on(new SyncInput.Received(from, m));
        case Push p -> host(id).on(new SyncInput.Pushed(p.entries()));
        default -> throw new IllegalStateException();
      }
    }

    void write(NodeId id, String key, boolean deleted) {
      var value = deleted ? Bytes.EMPTY : Bytes.utf8("v" + random.nextInt());
      var draft = new EntryDraft("", "general", key, value, Bytes.EMPTY, deleted);
      var entry = store(id).write(draft, simulation.now().wall());
      host(id).on(new SyncInput.Written(List.of(entry)));
    }

    void writeSomething() {
      var id = ids.get(random.nextInt(ids.size()));
      if (host(id).isUp()) {
        write(id, "k" + random.nextInt(20), random.nextInt(5) == 0);
      }
    }

    void restart(NodeId id) {
      host(id).restart(machine(id));
      connect(id);
    }

    boolean converged() {
      var first = store(ids.getFirst());
      var print = first.fingerprint(Span.ALL);
      return ids.stream()
          .allMatch(id ->
              store(id).fingerprint(Span.ALL).equals(print)
                  && store(id).seen().equals(first.seen()));
    }

    /** Nobody claims a dot of which it holds neither the write nor one that beats it. */
    void checkClaims(Map<dev.cis.crdt.Dot, Entry> all) {
      for (var id : ids) {
        var held = new HashMap<String, Entry>();
        store(id).entries().forEach(e -> held.put(e.body().key(), e));
        all.forEach((dot, entry) -> {
          if (store(id).seen().contains(dot)) {
            var mine = held.get(entry.body().key());
            assertThat(mine).as("%s claims %s", id.brief(), dot).isNotNull();
            assertThat(entry.beats(java.util.Objects.requireNonNull(mine))).isFalse();
          }
        });
      }
    }
  }

  @Test
  void allHoldTheSameThoughMessagesAreLostAndNodesCrashAndTheNetworkParts() {
    Seeds.each(
        60,
        seed -> {
          var world = new World(seed, 8, BAD);
          var all = new HashMap<dev.cis.crdt.Dot, Entry>();
          for (int round = 0; round < 40; round++) {
            world.writeSomething();
            world.stores.values().forEach(s -> s.entries().forEach(e -> all.put(e.dot(), e)));
            world.simulation.runFor(Duration.ofSeconds(1));
            switch (round) {
              case 8 -> world.network.partition(world.ids.subList(0, 3));
              case 12 -> world.host(world.ids.get(5)).crash();
              case 20 -> world.network.heal();
              case 22 -> world.restart(world.ids.get(5));
              default -> {}
            }
            world.checkClaims(all);
          }
          boolean same =
              world.simulation.runUntil(
                  world::converged, Duration.ofSeconds(5), Duration.ofMinutes(15));
          assertThat(same).isTrue();
          world.checkClaims(all);
        });
  }

  @Test
  void withoutAnyPushAntiEntropyAloneBringsEverything() {
    Seeds.each(
        20,
        seed -> {
          var world = new World(seed, 6, BAD);
          world.push = false;
          for (int i = 0; i < 300; i++) {
            world.write(world.ids.get(i % 6), "key" + i % 200, false);
          }
          assertThat(
                  world.simulation.runUntil(
                      world::converged, Duration.ofSeconds(5), Duration.ofMinutes(20)))
              .isTrue();
        });
  }

  @Test
  void equalStoresAreFoundEqualInOneRoundTrip() {
    var world = new World(1, 2, SimNetwork.Conditions.PERFECT);
    world.write(world.ids.get(0), "a", false);
    world.simulation.runFor(Duration.ofSeconds(10));
    assertThat(world.converged()).isTrue();
    long before = world.network.sent();
    world.host(world.ids.get(0)).on(new SyncInput.Start(world.ids.get(1), false, 7));
    world.simulation.runFor(Duration.ofSeconds(1));
    assertThat(world.network.sent() - before).isEqualTo(2);
    assertThat(world.finished.getLast().tickets()).containsExactly(7L);
    assertThat(world.finished.getLast().failure()).isNull();
  }

  @Test
  void aFullExchangeRepairsAStoreThatLostWhatItClaims() {
    Seeds.each(
        10,
        seed -> {
          var world = new World(seed, 2, BAD);
          for (int i = 0; i < 400; i++) {
            world.write(world.ids.get(i % 2), "key" + i, false);
          }
          assertThat(
                  world.simulation.runUntil(
                      world::converged, Duration.ofSeconds(1), Duration.ofMinutes(10)))
              .isTrue();
          for (int i = 0; i < 400; i += 7) {
            world.store(world.ids.get(i % 2)).lose("key" + i);
          }
          world.simulation.runFor(Duration.ofMinutes(3));
          assertThat(world.converged()).as("the vectors hide the loss").isFalse();
          for (int attempt = 0; attempt < 5 && !world.converged(); attempt++) {
            world.host(world.ids.get(0)).on(new SyncInput.Start(world.ids.get(1), true, 1));
            world.simulation.runFor(Duration.ofMinutes(2));
          }
          assertThat(world.converged()).isTrue();
          assertThat(world.store(world.ids.get(0)).entries()).hasSize(400);
        });
  }

  @Test
  void anExchangeGoesOnThoughTheEndOfAnEarlierLinkIsHeardLate() {
    var world = new World(3, 2, SimNetwork.Conditions.PERFECT);
    world.push = false;
    var a = world.ids.get(0);
    var b = world.ids.get(1);
    world.simulation.runFor(Duration.ofSeconds(10));
    for (int i = 0; i < 2000; i++) {
      world.write(a, "key" + i, false);
    }
    world.host(b).on(new SyncInput.Start(a, false, 7));
    assertThat(
            world.simulation.runUntil(
                () -> !world.store(b).entries().isEmpty(),
                Duration.ofMillis(1),
                Duration.ofSeconds(5)))
        .isTrue();
    assertThat(world.store(b).entries()).hasSizeLessThan(2000);
    world.host(a).on(new SyncInput.PeerDown(b));
    world.host(a).on(new SyncInput.PeerUp(b));
    world.simulation.runFor(Duration.ofSeconds(5));
    var asked = world.finished.stream().filter(f -> f.tickets().contains(7L)).findFirst();
    assertThat(asked.orElseThrow().failure()).isNull();
    assertThat(world.store(b).entries()).hasSize(2000);
  }
}
