package dev.cis.nat.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.time.Now;
import dev.cis.nat.proto.LeaseInput.Granted;
import dev.cis.nat.proto.LeaseInput.Kept;
import dev.cis.nat.proto.LeaseInput.Missing;
import dev.cis.nat.proto.LeaseInput.Refusal;
import dev.cis.nat.proto.LeaseInput.Refused;
import dev.cis.nat.proto.LeaseOutput.Ask;
import dev.cis.nat.proto.LeaseOutput.Changed;
import dev.cis.nat.proto.LeaseOutput.Check;
import dev.cis.nat.proto.LeaseOutput.Release;
import dev.cis.nat.proto.LeaseOutput.Restarted;
import dev.cis.nat.proto.LeaseOutput.Standing;
import dev.cis.nat.proto.LeaseOutput.State;
import dev.cis.transport.Address;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class PortLeaseTest {
  private static final int PORT = 7677;
  private static final Duration LEASE = Duration.ofMinutes(60);
  private static final Duration CHECK = Duration.ofMinutes(2);
  private static final Address OUTSIDE = new Address("198.18.5.2", PORT);

  private final PortLease lease = new PortLease(PORT, LeaseTimes.of(LEASE, CHECK), new Random(1));
  private final List<LeaseOutput> said = new ArrayList<>();
  private Duration uptime = Duration.ofSeconds(100);

  private Now now() {
    return new Now(uptime, Instant.EPOCH);
  }

  /** Lets time pass, waking the machine whenever it wants to be woken. */
  private void pass(Duration time) {
    var end = uptime.plus(time);
    while (lease.wakeAt().compareTo(end) <= 0) {
      uptime = lease.wakeAt().compareTo(uptime) > 0 ? lease.wakeAt() : uptime;
      lease.tick(now(), said::add);
    }
    uptime = end;
  }

  private void hear(LeaseInput input) {
    lease.on(now(), input, said::add);
  }

  private <T extends LeaseOutput> List<T> all(Class<T> kind) {
    return said.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  private Standing standing() {
    return all(Changed.class).getLast().standing();
  }

  private long epoch() {
    return uptime.toSeconds();
  }

  private void grantedBy(MappingProtocol by, Address external) {
    long epoch = by == MappingProtocol.UPNP ? LeaseInput.NO_EPOCH : epoch();
    hear(new Granted(by, external, LEASE, epoch));
  }

  private void mappedBy(MappingProtocol by) {
    pass(Duration.ofMillis(1_500));
    grantedBy(by, OUTSIDE);
    assertThat(standing().external()).isEqualTo(OUTSIDE);
    said.clear();
  }

  private static Refused silent(MappingProtocol by) {
    return new Refused(by, Refusal.SILENT, "silent " + by, "");
  }

  @Test
  void protocolsAreTriedOneAfterTheOtherWithAHeadStart() {
    pass(Duration.ofMillis(100));
    assertThat(all(Ask.class)).extracting(Ask::by).containsExactly(MappingProtocol.PCP);
    pass(Duration.ofMillis(500));
    assertThat(all(Ask.class))
        .extracting(Ask::by)
        .containsExactly(MappingProtocol.PCP, MappingProtocol.NAT_PMP);
    hear(silent(MappingProtocol.PCP));
    hear(silent(MappingProtocol.NAT_PMP));
    assertThat(all(Ask.class)).extracting(Ask::by).endsWith(MappingProtocol.UPNP).hasSize(3);
    assertThat(all(Ask.class)).allMatch(ask -> ask.externalPort() == PORT);
  }

  @Test
  void aLoserAtAnotherPortIsGivenBackAndTheWinnerAskedForAgain() {
    mappedBy(MappingProtocol.PCP);
    grantedBy(MappingProtocol.NAT_PMP, new Address("198.18.5.2", 9_000));
    assertThat(said).containsExactly(new Release(MappingProtocol.NAT_PMP, 9_000));
    pass(Duration.ofSeconds(3));
    assertThat(said).endsWith(new Ask(MappingProtocol.PCP, PORT, LEASE));
  }

  @Test
  void aLoserAtTheSamePortIsTheSameEntryAndStaysUntilTheEnd() {
    mappedBy(MappingProtocol.PCP);
    grantedBy(MappingProtocol.NAT_PMP, OUTSIDE);
    assertThat(said).isEmpty();
    hear(new LeaseInput.Stop());
    assertThat(all(Release.class))
        .containsExactly(
            new Release(MappingProtocol.PCP, PORT), new Release(MappingProtocol.NAT_PMP, PORT));
  }

  @Test
  void theLeaseIsRenewedAtHalfTimeAndCheckedInBetween() {
    mappedBy(MappingProtocol.UPNP);
    var end = uptime.plus(LEASE.dividedBy(2));
    while (uptime.compareTo(end.minusSeconds(1)) < 0) {
      pass(
          CHECK.compareTo(end.minusSeconds(1).minus(uptime)) < 0
              ? CHECK
              : end.minusSeconds(1).minus(uptime));
      if (!said.isEmpty() && said.getLast() instanceof Check) {
        hear(new Kept(MappingProtocol.UPNP, OUTSIDE));
      }
    }
    assertThat(all(Ask.class)).isEmpty();
    assertThat(all(Check.class)).hasSizeBetween(13, 15);
    pass(Duration.ofSeconds(2));
    assertThat(all(Ask.class)).containsExactly(new Ask(MappingProtocol.UPNP, PORT, LEASE));
    grantedBy(MappingProtocol.UPNP, OUTSIDE);
    assertThat(standing().until()).isEqualTo(uptime.plus(LEASE));
  }

  @Test
  void anEntryThatIsGoneIsAskedForAtOnce() {
    mappedBy(MappingProtocol.UPNP);
    pass(CHECK);
    assertThat(all(Check.class)).hasSize(1);
    hear(new Missing(MappingProtocol.UPNP));
    assertThat(said).endsWith(new Ask(MappingProtocol.UPNP, PORT, LEASE));
  }

  @Test
  void aRouterWhoseSecondsStartAnewIsAskedAgainWithinFiveSeconds() {
    mappedBy(MappingProtocol.PCP);
    pass(CHECK);
    hear(new Granted(MappingProtocol.PCP, OUTSIDE, LEASE, 3));
    assertThat(all(Restarted.class)).hasSize(1);
    said.clear();
    pass(Duration.ofSeconds(6));
    assertThat(all(Ask.class)).containsExactly(new Ask(MappingProtocol.PCP, PORT, LEASE));
    hear(new Granted(MappingProtocol.PCP, OUTSIDE, LEASE, 9));
    assertThat(all(Restarted.class)).isEmpty();
  }

  @Test
  void aNewExternalAddressIsTold() {
    mappedBy(MappingProtocol.NAT_PMP);
    pass(CHECK);
    var elsewhere = new Address("198.18.5.99", PORT);
    grantedBy(MappingProtocol.NAT_PMP, elsewhere);
    assertThat(standing().external()).isEqualTo(elsewhere);
  }

  @Test
  void aPortThatIsTakenIsLeftAndOthersAreTriedAFewTimes() {
    pass(Duration.ofMillis(1_500));
    hear(silent(MappingProtocol.PCP));
    hear(silent(MappingProtocol.NAT_PMP));
    for (int i = 0; i < 20; i++) {
      hear(new Refused(MappingProtocol.UPNP, Refusal.TAKEN, "taken", ""));
    }
    var ports =
        all(Ask.class).stream()
            .filter(ask -> ask.by() == MappingProtocol.UPNP)
            .map(Ask::externalPort)
            .toList();
    assertThat(ports).startsWith(PORT).hasSize(8).doesNotHaveDuplicates();
    assertThat(ports).allMatch(port -> port >= 1_024);
    assertThat(standing().state()).isEqualTo(State.NONE);
    assertThat(standing().reason()).isEqualTo("taken");
  }

  @Test
  void theSecondNodeKeepsThePortThatItWasGiven() {
    pass(Duration.ofMillis(10));
    grantedBy(MappingProtocol.PCP, new Address("198.18.5.2", 7_678));
    said.clear();
    pass(CHECK);
    assertThat(said).containsExactly(new Check(MappingProtocol.PCP, 7_678, LEASE));
  }

  @Test
  void whereNobodyAnswersItIsTriedMoreAndMoreSeldom() {
    for (int i = 0; i < 10; i++) {
      pass(Duration.ofMinutes(20));
      for (var by : MappingProtocol.values()) {
        hear(silent(by));
      }
    }
    said.clear();
    pass(Duration.ofHours(2));
    var searches = all(Ask.class).stream().filter(a -> a.by() == MappingProtocol.PCP).count();
    assertThat(searches).isBetween(6L, 9L);
    hear(new LeaseInput.Again());
    assertThat(all(Ask.class)).isNotEmpty();
  }

  @Test
  void theReasonThatTellsMostIsShown() {
    pass(Duration.ofSeconds(2));
    hear(silent(MappingProtocol.PCP));
    hear(new Refused(MappingProtocol.NAT_PMP, Refusal.DENIED, "nested", "100.64.6.2"));
    hear(new Refused(MappingProtocol.UPNP, Refusal.DENIED, "denied", ""));
    assertThat(standing().reason()).isEqualTo("nested");
  }

  @Test
  void aRouterThatStaysSilentIsGivenUpAfterThreeQuestions() {
    mappedBy(MappingProtocol.PCP);
    pass(CHECK);
    for (int i = 0; i < 3; i++) {
      assertThat(lease.wakeAt()).isGreaterThan(uptime);
      hear(silent(MappingProtocol.PCP));
      pass(Duration.ofSeconds(11));
    }
    assertThat(all(Check.class)).hasSize(3);
    assertThat(all(Changed.class).getFirst().standing().state()).isEqualTo(State.SEARCHING);
    assertThat(all(Ask.class)).isNotEmpty();
  }

  @Test
  void atTheEndEverythingIsGivenBackLateGrantsToo() {
    mappedBy(MappingProtocol.UPNP);
    hear(new LeaseInput.Stop());
    assertThat(said).startsWith(new Release(MappingProtocol.UPNP, PORT));
    assertThat(standing().state()).isEqualTo(State.STOPPED);
    said.clear();
    grantedBy(MappingProtocol.PCP, OUTSIDE);
    assertThat(said).containsExactly(new Release(MappingProtocol.PCP, PORT));
    assertThat(lease.wakeAt()).isEqualTo(dev.cis.kernel.time.Machine.NEVER);
  }

  @Property(tries = 200)
  void whateverRoutersSayItNeverSpinsAndNeverAsksTooOften(@ForAll long seed) {
    var random = new Random(seed);
    var machine = new PortLease(PORT, LeaseTimes.of(LEASE, CHECK), new Random(seed));
    var asked = new ArrayList<LeaseOutput>();
    var time = Duration.ZERO;
    for (int i = 0; i < 400; i++) {
      var at = machine.wakeAt();
      time = at.compareTo(time) > 0 && random.nextBoolean() ? at : time.plusMillis(500);
      var now = new Now(time, Instant.EPOCH);
      machine.tick(now, asked::add);
      for (int spin = 0; machine.wakeAt().compareTo(time) <= 0; spin++) {
        assertThat(spin).isLessThan(10);
        machine.tick(now, asked::add);
      }
      if (random.nextInt(3) == 0) {
        machine.on(now, anything(random, time), asked::add);
      }
    }
    assertThat(asked.size()).isLessThan(4_000);
  }

  private static LeaseInput anything(Random random, Duration time) {
    var by = List.of(MappingProtocol.values()).get(random.nextInt(3));
    var address = new Address("198.18.5." + random.nextInt(2, 4), random.nextInt(7_677, 7_680));
    return switch (random.nextInt(6)) {
      case 0 -> new Granted(by, address, Duration.ofSeconds(random.nextInt(20, 7_200)), -1);
      case 1 -> new Granted(by, address, LEASE, time.toSeconds() / random.nextInt(1, 3));
      case 2 -> new Refused(by, List.of(Refusal.values()).get(random.nextInt(3)), "no", "");
      case 3 -> new Kept(by, address);
      case 4 -> new Missing(by);
      default -> new LeaseInput.Again();
    };
  }
}
