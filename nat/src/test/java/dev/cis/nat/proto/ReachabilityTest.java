package dev.cis.nat.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.nat.proto.AddressState.Origin;
import dev.cis.nat.proto.AddressState.State;
import dev.cis.nat.proto.ReachInput.Answered;
import dev.cis.nat.proto.ReachInput.Around;
import dev.cis.nat.proto.ReachInput.Candidate;
import dev.cis.nat.proto.ReachInput.Outcome;
import dev.cis.nat.proto.ReachInput.Sighting;
import dev.cis.nat.proto.ReachOutput.Ask;
import dev.cis.nat.proto.ReachOutput.Changed;
import dev.cis.transport.Address;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ReachabilityTest {
  private static final Address MAPPED = new Address("198.18.5.2", 7677);
  private static final Address LOCAL = new Address("192.168.5.11", 7677);
  private static final NodeId FIRST = node();
  private static final NodeId SECOND = node();
  private static final Duration HOURS = Duration.ofHours(5);

  private final Reachability machine = new Reachability(ReachTimes.DEFAULT, new Random(1));
  private final List<Ask> asked = new ArrayList<>();
  private final List<ReachOutput> out = new ArrayList<>();
  private Function<Ask, Outcome> anchors = _ -> Outcome.REACHED;
  private List<AddressState> told = List.of();
  private Duration uptime = Duration.ofSeconds(100);

  private static NodeId node() {
    return KeyPair.generate(new SecureRandom()).nodeId();
  }

  private Now now() {
    return new Now(uptime, Instant.EPOCH.plus(uptime));
  }

  private void hear(ReachInput input) {
    machine.on(now(), input, out::add);
    answer();
  }

  /** Anchors answer at once, with the address that was asked about. */
  private void answer() {
    while (!out.isEmpty()) {
      switch (out.removeFirst()) {
        case Ask ask -> {
          asked.add(ask);
          var said = new Answered(ask.anchor(), ask.address(), anchors.apply(ask), seen(ask));
          machine.on(now(), said, out::add);
        }
        case Changed(var addresses) -> told = addresses;
      }
    }
  }

  private static String seen(Ask ask) {
    return ask.address().toString();
  }

  private void pass(Duration time) {
    var end = uptime.plus(time);
    while (machine.wakeAt().compareTo(end) <= 0) {
      assertThat(machine.wakeAt()).isGreaterThanOrEqualTo(Duration.ZERO);
      uptime = machine.wakeAt().compareTo(uptime) > 0 ? machine.wakeAt() : uptime;
      machine.tick(now(), out::add);
      answer();
    }
    uptime = end;
  }

  private AddressState state(Address address) {
    return told.stream().filter(each -> each.address().equals(address)).findFirst().orElseThrow();
  }

  private static Sighting sees(NodeId by, String at, Address us) {
    return new Sighting(by, Address.parse(at), us);
  }

  /** A node behind a router that has mapped the port, with two anchors. */
  private void home() {
    hear(
        new Around(
            List.of(new Candidate(MAPPED, Origin.MAPPED), new Candidate(LOCAL, Origin.LOCAL)),
            List.of(
                sees(FIRST, "203.0.113.10:7677", MAPPED),
                sees(SECOND, "198.51.100.10:7677", MAPPED)),
            List.of(FIRST, SECOND)));
  }

  @Test
  void oneDatagramThatCameIsProof() {
    home();
    assertThat(state(MAPPED).state()).isEqualTo(State.PUBLIC);
    assertThat(state(MAPPED).origins()).containsExactly(Origin.MAPPED, Origin.OBSERVED);
    assertThat(state(MAPPED).seenBy()).isEqualTo(2);
    assertThat(Reachability.announced(told)).containsExactly(MAPPED);
  }

  @Test
  void itTakesThreeThatDidNotComeToSayThatNoneDoes() {
    anchors = _ -> Outcome.SILENT;
    home();
    assertThat(state(MAPPED).state()).isEqualTo(State.UNKNOWN);
    assertThat(Reachability.announced(told)).as("nothing speaks against it").contains(MAPPED);
    pass(ReachTimes.DEFAULT.soon());
    assertThat(state(MAPPED).state()).isEqualTo(State.UNKNOWN);
    pass(ReachTimes.DEFAULT.soon());
    assertThat(state(MAPPED).state()).isEqualTo(State.PRIVATE);
    assertThat(state(MAPPED).reason()).contains("3 times");
    assertThat(Reachability.announced(told)).isEmpty();
  }

  @Test
  void whatIsKnownChangesOnlyByThreeAnswersInARow() {
    home();
    int[] lost = {2};
    anchors = _ -> lost[0]-- > 0 ? Outcome.SILENT : Outcome.REACHED;
    pass(HOURS);
    assertThat(state(MAPPED).state()).isEqualTo(State.PUBLIC);
    assertThat(state(MAPPED).silent()).isZero();
    anchors = _ -> Outcome.SILENT;
    pass(HOURS);
    assertThat(state(MAPPED).state()).isEqualTo(State.PRIVATE);
    int[] came = {2};
    anchors = _ -> came[0]-- > 0 ? Outcome.REACHED : Outcome.SILENT;
    pass(HOURS);
    assertThat(state(MAPPED).state()).isEqualTo(State.PRIVATE);
    anchors = _ -> Outcome.REACHED;
    pass(HOURS);
    assertThat(state(MAPPED).state()).isEqualTo(State.PUBLIC);
  }

  @Test
  void questionsBecomeSeldomWhileAnswersAgree() {
    home();
    pass(Duration.ofHours(10));
    // 1, 2, 4, 8, 16 min, then every 30: 24 in ten hours.
    assertThat(asked).hasSizeBetween(20, 27);
    int before = asked.size();
    hear(new ReachInput.Again());
    assertThat(asked).as("another network is no reason to wait").hasSize(before + 1);
  }

  @Test
  void privateAddressesAreNotAskedAbout() {
    home();
    pass(HOURS);
    assertThat(asked).noneMatch(ask -> ask.address().equals(LOCAL));
    assertThat(state(LOCAL).state()).isEqualTo(State.PRIVATE);
  }

  @Test
  void aMappingAtAPrivateAddressIsNotToldAndSaysThatAnotherRouterIsBefore() {
    var nested = new Address("100.64.6.2", 7677);
    hear(new Around(List.of(new Candidate(nested, Origin.MAPPED)), List.of(), List.of(FIRST)));
    assertThat(state(nested).state()).isEqualTo(State.PRIVATE);
    assertThat(state(nested).reason()).contains("another router is before it");
    assertThat(Reachability.announced(told)).isEmpty();
  }

  @Test
  void anAnchorThatSeesUsOnAnotherHostIsNotAsked() {
    hear(
        new Around(
            List.of(new Candidate(MAPPED, Origin.MAPPED)),
            List.of(sees(FIRST, "203.0.113.10:7677", new Address("198.18.1.2", 7677))),
            List.of(FIRST)));
    pass(HOURS);
    assertThat(asked).noneMatch(ask -> ask.address().equals(MAPPED));
    assertThat(state(MAPPED).state()).isEqualTo(State.UNKNOWN);
    assertThat(state(MAPPED).reason()).contains("no connected anchor");
  }

  @Test
  void aDatagramThatWentElsewhereSaysNothing() {
    hear(
        new Around(
            List.of(new Candidate(MAPPED, Origin.MAPPED)),
            List.of(sees(FIRST, "203.0.113.10:7677", MAPPED)),
            List.of()));
    machine.on(now(), new Answered(FIRST, MAPPED, Outcome.REACHED, "198.18.1.2:7677"), out::add);
    answer();
    assertThat(state(MAPPED).state()).isEqualTo(State.UNKNOWN);
    assertThat(state(MAPPED).reason()).contains("198.18.1.2:7677");
  }

  @Test
  void whatOneNetworkAloneSaysIsNotTold() {
    var observed = new Address("198.18.4.2", 7677);
    var one = sees(FIRST, "203.0.113.10:7677", observed);
    var neighbour = sees(SECOND, "203.0.113.11:7677", observed);
    hear(new Around(List.of(), List.of(one, neighbour), List.of(FIRST, SECOND)));
    assertThat(state(observed).state()).isEqualTo(State.PUBLIC);
    assertThat(state(observed).seenBy()).isEqualTo(1);
    assertThat(Reachability.announced(told)).isEmpty();
    var other = sees(SECOND, "198.51.100.10:7677", observed);
    hear(new Around(List.of(), List.of(one, other), List.of(FIRST, SECOND)));
    assertThat(Reachability.announced(told)).containsExactly(observed);
  }

  @Test
  void whatTheOperatorSaysIsToldWhateverIsFoundOut() {
    anchors = _ -> Outcome.SILENT;
    hear(
        new Around(
            List.of(
                new Candidate(MAPPED, Origin.CONFIGURED),
                new Candidate(new Address("node.example.org", 7677), Origin.CONFIGURED)),
            List.of(sees(FIRST, "203.0.113.10:7677", MAPPED)),
            List.of(FIRST)));
    pass(Duration.ofMinutes(1));
    assertThat(state(MAPPED).state()).isEqualTo(State.PRIVATE);
    assertThat(Reachability.announced(told)).hasSize(2);
  }

  @Test
  void theReachedComeFirst() {
    var configured = new Address("203.0.113.99", 7677);
    hear(
        new Around(
            List.of(
                new Candidate(configured, Origin.CONFIGURED), new Candidate(MAPPED, Origin.MAPPED)),
            List.of(sees(FIRST, "203.0.113.10:7677", MAPPED)),
            List.of(FIRST)));
    assertThat(Reachability.announced(told)).containsExactly(MAPPED, configured);
  }

  @Test
  void whatNobodyCouldConfirmForLongIsUnknownAgain() {
    home();
    hear(new Around(List.of(new Candidate(MAPPED, Origin.MAPPED)), List.of(), List.of()));
    pass(Duration.ofMinutes(119));
    assertThat(state(MAPPED).state()).isEqualTo(State.PUBLIC);
    pass(Duration.ofMinutes(2));
    assertThat(state(MAPPED).state()).isEqualTo(State.UNKNOWN);
    assertThat(state(MAPPED).reason()).contains("120 min");
  }

  @Test
  void oneAnchorIsAskedSeldomHoweverManyAddressesThereAre() {
    var candidates = new ArrayList<Candidate>();
    for (int i = 1; i <= 40; i++) {
      candidates.add(new Candidate(new Address(MAPPED.host(), 7000 + i), Origin.CONFIGURED));
    }
    anchors = _ -> Outcome.SILENT;
    hear(new Around(candidates, List.of(sees(FIRST, "203.0.113.10:7677", MAPPED)), List.of(FIRST)));
    pass(Duration.ofMinutes(10));
    // Three at once and one every 15 s.
    assertThat(asked).hasSizeBetween(35, 44);
  }

  @Test
  void anAnchorThatNeverAnswersDoesNotStopTheQuestions() {
    machine.on(
        now(),
        new Around(
            List.of(new Candidate(MAPPED, Origin.MAPPED)),
            List.of(sees(FIRST, "203.0.113.10:7677", MAPPED)),
            List.of(FIRST)),
        out::add);
    out.clear(); // the question is lost
    pass(Duration.ofMinutes(2));
    assertThat(state(MAPPED).state()).isEqualTo(State.PUBLIC);
  }

  @Property(tries = 200)
  void afterAnyAnswersTheTruthIsFoundOut(@ForAll @Size(max = 60) List<Outcome> answers) {
    var left = new ArrayList<>(answers);
    anchors = _ -> left.isEmpty() ? Outcome.REACHED : left.removeFirst();
    home();
    pass(HOURS.multipliedBy(10));
    assertThat(left).isEmpty();
    assertThat(state(MAPPED).reason()).isNotEmpty();
    assertThat(state(MAPPED).state()).isEqualTo(State.PUBLIC);
  }
}
