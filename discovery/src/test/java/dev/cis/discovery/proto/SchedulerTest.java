package dev.cis.discovery.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.discovery.proto.SchedulerInput.AnchorDown;
import dev.cis.discovery.proto.SchedulerInput.AnchorUp;
import dev.cis.discovery.proto.SchedulerInput.Connected;
import dev.cis.discovery.proto.SchedulerInput.Disconnected;
import dev.cis.discovery.proto.SchedulerInput.Failed;
import dev.cis.discovery.proto.SchedulerInput.Found;
import dev.cis.discovery.proto.SchedulerInput.Lost;
import dev.cis.discovery.proto.SchedulerInput.NetworkChanged;
import dev.cis.discovery.proto.SchedulerInput.Reached;
import dev.cis.discovery.proto.SchedulerInput.Refused;
import dev.cis.discovery.proto.SchedulerInput.Triggered;
import dev.cis.discovery.proto.SchedulerOutput.Dial;
import dev.cis.discovery.proto.SchedulerOutput.Online;
import dev.cis.discovery.proto.SchedulerOutput.Search;
import dev.cis.kernel.identity.NodeId;
import dev.cis.sim.Seeds;
import dev.cis.sim.SimHost;
import dev.cis.sim.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class SchedulerTest {
  private static final SchedulerLimits LIMITS =
      new SchedulerLimits(
          2,
          4,
          2,
          Duration.ofSeconds(1),
          Duration.ofMinutes(1),
          8,
          Duration.ofSeconds(5),
          Duration.ofMinutes(5),
          Duration.ofHours(2));

  private final Simulation simulation = new Simulation(1);
  private final List<Dial> dials = new ArrayList<>();
  private final List<Search> searches = new ArrayList<>();
  private final List<Online> online = new ArrayList<>();
  private final SimHost<SchedulerInput, SchedulerOutput> host =
      new SimHost<>(simulation, new Scheduler(LIMITS, simulation.newRandom()), this::take);

  private void take(SchedulerOutput output) {
    switch (output) {
      case Dial dial -> dials.add(dial);
      case Search search -> searches.add(search);
      case Online change -> online.add(change);
    }
  }

  @Test
  void thePeersOfTheLanAreDialledAtOnceBeforeTheRemembered() {
    host.on(new Connected(node(90)));
    host.on(new Found(remembered(1)));
    host.on(new Found(lan(2)));
    assertThat(dialled()).containsExactly(remembered(1), lan(2));
    host.on(new Reached(remembered(1), node(1)));
    host.on(new Connected(node(1)));
    host.on(new Found(remembered(3)));
    host.on(new Found(lan(4)));
    assertThat(dialled()).containsExactly(lan(4));
  }

  @Test
  void nobodyIsDialledWhenThereAreEnoughPeersUntilOneIsLost() {
    host.on(new Connected(node(90)));
    host.on(new Connected(node(91)));
    host.on(new Found(remembered(1)));
    assertThat(dialled()).isEmpty();
    host.on(new Disconnected(node(91), "gone"));
    assertThat(dialled()).containsExactly(remembered(1));
  }

  @Test
  void whoeverRefusedUsIsDialledSeldom() {
    var entry = new Candidate("lab.example:7677", Source.BOOTSTRAP);
    host.on(new Found(entry));
    assertThat(dialled()).containsExactly(entry);
    host.on(new Refused(entry));
    simulation.runFor(Duration.ofMinutes(7));
    assertThat(dialled()).isEmpty();
    simulation.runFor(Duration.ofMinutes(6));
    assertThat(dialled()).containsExactly(entry);
    host.on(new Refused(entry));
    host.on(new Triggered("a test"));
    assertThat(dialled()).as("somebody asked for it").containsExactly(entry);
  }

  @Test
  void aBootstrapEntryIsDialledUntilItWasReachedOnce() {
    host.on(new Connected(node(90)));
    host.on(new Connected(node(91)));
    var entry = new Candidate("lab.example:7677", Source.BOOTSTRAP);
    host.on(new Found(entry));
    assertThat(dialled()).containsExactly(entry);
    host.on(new Failed(entry));
    simulation.runFor(Duration.ofSeconds(2));
    assertThat(dialled()).containsExactly(entry);
    host.on(new Reached(entry, node(5)));
    host.on(new Connected(node(5)));
    host.on(new Disconnected(node(5), "gone"));
    simulation.runFor(Duration.ofHours(1));
    assertThat(dialled()).isEmpty();
    host.on(new Disconnected(node(90), "gone"));
    assertThat(dialled()).containsExactly(entry);
  }

  @Test
  void theRestAfterFailuresDoublesWithJitterUpToAMinute() {
    Seeds.each(
        50,
        seed -> {
          var time = new Simulation(seed);
          var at = new ArrayList<Duration>();
          var attempts = new ArrayList<Dial>();
          var scheduler = new Scheduler(LIMITS, time.newRandom());
          var machine =
              new SimHost<>(
                  time,
                  scheduler,
                  output -> {
                    if (output instanceof Dial dial) {
                      at.add(time.now().uptime());
                      attempts.add(dial);
                    }
                  });
          machine.on(new Found(lan(1)));
          for (int i = 0; i < 10; i++) {
            machine.on(new Failed(lan(1)));
            int before = at.size();
            assertThat(
                    time.runUntil(
                        () -> at.size() > before, Duration.ofMillis(10), Duration.ofMinutes(2)))
                .isTrue();
            double pause = at.get(before).minus(at.get(before - 1)).toMillis();
            double nominal = Math.min(60_000, 1_000 * Math.pow(2, i));
            assertThat(pause).isBetween(nominal * 0.79, nominal * 1.21);
            assertThat(attempts.get(before).attempt()).isEqualTo(i + 2);
          }
        });
  }

  @Test
  void aTriggerDialsEveryoneThatIsNotConnectedOnceAndAtOnce() {
    host.on(new Connected(node(90)));
    host.on(new Connected(node(91)));
    host.on(new Found(remembered(1)));
    host.on(new Found(remembered(2)));
    host.on(new Found(remembered(90)));
    host.on(new Triggered("a test"));
    assertThat(dialled()).containsExactlyInAnyOrder(remembered(1), remembered(2));
    host.on(new Failed(remembered(1)));
    host.on(new Failed(remembered(2)));
    simulation.runFor(Duration.ofHours(1));
    assertThat(dialled()).isEmpty();
  }

  @Test
  void onlySoManyAreDialledAtOneTime() {
    for (int i = 0; i < 6; i++) {
      host.on(new Found(lan(i)));
    }
    assertThat(dials).hasSize(2);
    host.on(new Failed(dials.get(0).candidate()));
    assertThat(dials).hasSize(3);
    assertThat(new HashSet<>(dials.stream().map(Dial::candidate).toList())).hasSize(3);
  }

  @Test
  void aPeerThatAppearsOnTheLanNeedNotRestAnyLonger() {
    host.on(new Found(remembered(1)));
    host.on(new Failed(remembered(1)));
    dials.clear();
    host.on(new Found(lan(1)));
    assertThat(dialled()).containsExactly(lan(1));
  }

  @Test
  void aPeerThatLeftTheLanIsNotDialled() {
    host.on(new Found(lan(1)));
    host.on(new Failed(lan(1)));
    dials.clear();
    host.on(new Lost(lan(1)));
    simulation.runFor(Duration.ofHours(1));
    assertThat(dialled()).isEmpty();
  }

  @Test
  void aFloodOfAnnouncementsDoesNotPushOutTheBootstrapList() {
    var entry = new Candidate("lab.example:7677", Source.BOOTSTRAP);
    host.on(new Found(entry));
    host.on(new Failed(entry));
    for (int i = 0; i < 100; i++) {
      host.on(new Found(lan(i)));
    }
    int seconds = 0;
    boolean again = false;
    while (!again && seconds++ < 300) {
      var now = List.copyOf(dials);
      dials.clear();
      again = seconds > 1 && now.stream().anyMatch(dial -> dial.candidate().equals(entry));
      now.forEach(dial -> host.on(new Failed(dial.candidate())));
      simulation.runFor(Duration.ofSeconds(1));
    }
    assertThat(again).isTrue();
  }

  @Test
  void withTooFewPeersItSearchesSoonAndThenMoreAndMoreSeldomWithTheReason() {
    host.on(new Connected(node(90)));
    assertThat(searches).isEmpty();
    simulation.runFor(Duration.ofSeconds(6));
    assertThat(searches).containsExactly(new Search("1 of 2 peers (discovery.min_peers)"));
    simulation.runFor(Duration.ofHours(1));
    // After 5 s, 5, 10, 20, ... s, then every five minutes.
    assertThat(searches).hasSizeBetween(15, 20);
    simulation.runFor(Duration.ofHours(1));
    assertThat(searches).hasSizeBetween(26, 33);
  }

  @Test
  void withEnoughPeersItSearchesSeldomUntilOneIsLost() {
    host.on(new Connected(node(90)));
    host.on(new Connected(node(91)));
    simulation.runFor(Duration.ofHours(1));
    assertThat(searches).containsExactly(new Search("now and then, with 2 peers"));
    host.on(new Disconnected(node(91), "gone"));
    assertThat(searches).hasSize(2);
    assertThat(searches.getLast().reason()).startsWith("1 of 2 peers");
  }

  @Test
  void whoeverAsksForASearchIsServedAtOnceAndNamed() {
    host.on(new Connected(node(90)));
    host.on(new Connected(node(91)));
    simulation.runFor(Duration.ofMinutes(1));
    searches.clear();
    host.on(new Triggered("joined a realm"));
    assertThat(searches).containsExactly(new Search("joined a realm"));
  }

  @Test
  void aChangedNetworkEndsEveryRestAndSearches() {
    host.on(new Found(remembered(1)));
    for (int i = 0; i < 6; i++) {
      host.on(new Failed(remembered(1)));
      simulation.runFor(Duration.ofMinutes(2));
    }
    host.on(new Failed(remembered(1)));
    dials.clear();
    searches.clear();
    host.on(new NetworkChanged());
    assertThat(dialled()).containsExactly(remembered(1));
    assertThat(searches).hasSize(1);
  }

  @Test
  void itIsOnlineWithTheFirstPeerOrAnchorAndOfflineWithTheLast() {
    host.on(new AnchorUp(node(1)));
    host.on(new Connected(node(2)));
    host.on(new AnchorDown(node(1), "cable"));
    assertThat(online).extracting(Online::online).containsExactly(true);
    host.on(new Disconnected(node(2), "silence"));
    assertThat(online).extracting(Online::online).containsExactly(true, false);
    assertThat(online.getLast().reason()).contains(node(2).brief()).contains("silence");
  }

  @Test
  void anAnchorOfAnotherRealmIsNoPeerAndIsNotDialledAgain() {
    var entry = new Candidate("anchor.example:7677", Source.BOOTSTRAP);
    host.on(new Found(entry));
    host.on(new Reached(entry, node(7)));
    host.on(new AnchorUp(node(7)));
    dials.clear();
    simulation.runFor(Duration.ofHours(1));
    assertThat(dialled()).isEmpty();
    host.on(new Found(remembered(1)));
    assertThat(dialled()).as("there are still too few").containsExactly(remembered(1));
  }

  @Test
  void whoeverWasReachedAndIsNotOursIsNotDialledInCircles() {
    host.on(new Found(remembered(1)));
    for (int i = 0; i < 60; i++) {
      List.copyOf(dials).forEach(dial -> host.on(new Reached(dial.candidate(), node(1))));
      simulation.runFor(Duration.ofSeconds(10));
    }
    assertThat(dials).hasSizeBetween(5, 12);
  }

  private List<Candidate> dialled() {
    var list = dials.stream().map(Dial::candidate).toList();
    dials.clear();
    return list;
  }

  private static Candidate lan(int n) {
    return new Candidate(node(n).toString(), Source.MDNS);
  }

  private static Candidate remembered(int n) {
    return new Candidate(node(n).toString(), Source.REMEMBERED);
  }

  private static NodeId node(int n) {
    var bytes = new byte[NodeId.BYTES];
    bytes[0] = (byte) n;
    return NodeId.of(bytes);
  }
}
