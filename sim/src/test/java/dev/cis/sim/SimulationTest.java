package dev.cis.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class SimulationTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  /** Says its name every second. */
  private static final class Clock implements Machine<Integer, Integer> {
    private int count;
    private Duration next = SECOND;

    @Override
    public void on(Now now, Integer input, Consumer<Integer> out) {
      count += input;
    }

    @Override
    public void tick(Now now, Consumer<Integer> out) {
      next = now.uptime().plus(SECOND);
      out.accept(++count);
    }

    @Override
    public Duration wakeAt() {
      return next;
    }
  }

  private static List<String> run(long seed) {
    var simulation = new Simulation(seed);
    var network =
        new SimNetwork<String, String>(
            simulation,
            new SimNetwork.Conditions(Duration.ofMillis(5), Duration.ofMillis(20), 0.2, 0.1));
    var heard = new ArrayList<String>();
    network.attach("b", (from, text) -> heard.add(text + "@" + simulation.now().uptime()));
    for (int i = 0; i < 50; i++) {
      network.send("a", "b", "m" + i);
    }
    simulation.runFor(SECOND);
    return heard;
  }

  @Test
  void theSameSeedGivesTheSameHistoryAndAnotherSeedAnother() {
    assertThat(run(7)).isEqualTo(run(7)).isNotEqualTo(run(8));
  }

  @Test
  void badNetworksLoseDuplicateAndReorder() {
    var names = run(3).stream().map(text -> text.substring(0, text.indexOf('@'))).toList();
    assertThat(names.stream().distinct().count()).isLessThan(50).isLessThan(names.size());
    assertThat(names).isNotEqualTo(names.stream().sorted().toList());
  }

  @Test
  void aPartitionCutsMessagesUnderWayAndHeals() {
    var simulation = new Simulation(1);
    var network = new SimNetwork<String, String>(simulation, SimNetwork.Conditions.PERFECT);
    var heard = new ArrayList<String>();
    network.attach("b", (from, text) -> heard.add(text));
    network.send("a", "b", "lost under way");
    network.partition(List.of("b"));
    simulation.runFor(SECOND);
    network.send("a", "b", "lost at once");
    network.heal();
    network.send("a", "b", "heard");
    simulation.runFor(SECOND);
    assertThat(heard).containsExactly("heard");
    assertThat(network.lost()).isEqualTo(2);
  }

  @Test
  void machinesTickInVirtualTimeAndForgetWhenTheyCrash() {
    var simulation = new Simulation(1);
    var said = new ArrayList<Integer>();
    var host = new SimHost<>(simulation, new Clock(), said::add);
    simulation.runFor(SECOND.multipliedBy(3));
    host.on(10);
    simulation.runFor(SECOND);
    host.crash();
    host.on(1000);
    simulation.runFor(SECOND.multipliedBy(5));
    assertThat(said).containsExactly(1, 2, 3, 14);
    var fresh = new Clock();
    fresh.next = simulation.now().uptime().plus(SECOND);
    host.restart(fresh);
    simulation.runFor(SECOND);
    assertThat(said).containsExactly(1, 2, 3, 14, 1);
  }

  @Test
  void waitingEndsWithTheConditionOrTheLimit() {
    var simulation = new Simulation(1);
    var host = new SimHost<>(simulation, new Clock(), count -> {});
    var clock = (Clock) host.machine();
    assertThat(simulation.runUntil(() -> clock.count == 5, SECOND, SECOND.multipliedBy(9)))
        .isTrue();
    assertThat(simulation.now().uptime()).isEqualTo(SECOND.multipliedBy(5));
    assertThat(simulation.runUntil(() -> false, SECOND, SECOND)).isFalse();
  }

  @Test
  void aFailureNamesItsSeed() {
    assertThatThrownBy(() ->
            Seeds.each(
                5,
                seed -> {
                  if (seed == 4) {
                    throw new IllegalStateException("broken");
                  }
                }))
        .hasMessageContaining("-Dcis.seed=4")
        .hasMessageContaining("broken");
  }
}
