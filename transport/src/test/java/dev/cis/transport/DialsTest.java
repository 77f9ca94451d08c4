package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** In virtual time. */
class DialsTest {
  private static final Address HOME = new Address("192.0.2.1", 7677);

  private final NodeId peer = KeyPair.generate(new SecureRandom()).nodeId();
  private final Dialling config = Dialling.DEFAULT.withDials(2, 10);
  private final Quotas quotas = new Quotas(TransportConfig.DEFAULT.with(config));
  private Duration uptime = Duration.ofHours(1);
  private final Dials dials =
      new Dials(config, quotas, () -> new Now(uptime, Instant.EPOCH), new SplittableRandom(3));

  private static Fault silent() {
    return new Fault(TransportCode.DIAL_TIMEOUT, "did not answer");
  }

  @Test
  void aPeerThatFailedIsLeftAloneForDoublingTimes() {
    var before = Duration.ZERO;
    for (int failure = 1; failure <= 12; failure++) {
      dials.check(peer, Set.of(HOME));
      dials.failed(peer, Set.of(HOME), silent());
      var left = dials.left(peer);
      double middle = Math.min(60_000, 500 * Math.pow(2, failure - 1));
      assertThat((double) left.toMillis()).isBetween(middle * 0.49, middle * 1.51);
      assertThat(left.multipliedBy(7)).isGreaterThan(before);
      assertThat(dials.resting(peer))
          .contains(new Swarm.Resting(left, false, failure, "did not answer"));
      before = left;
      assertThatThrownBy(() -> dials.check(peer, Set.of(HOME)))
          .isInstanceOfSatisfying(
              Fault.class, fault -> assertThat(fault.code()).isEqualTo(TransportCode.BACKING_OFF))
          .hasMessageContaining("backing off from " + peer.brief() + ", next try in ")
          .hasMessageContaining("did not answer");
      uptime = uptime.plus(left);
    }
    dials.succeeded(peer);
    assertThat(dials.left(peer)).isZero();
    assertThat(dials.resting(peer)).isEmpty();
  }

  @Test
  void anAddressThatWasNotTriedLiftsThePause() {
    dials.failed(peer, Set.of(HOME), silent());
    assertThatThrownBy(() -> dials.check(peer, Set.of(HOME))).isInstanceOf(Fault.class);
    assertThatThrownBy(() -> dials.check(peer, Set.of())).isInstanceOf(Fault.class);
    assertThatCode(() -> dials.check(peer, Set.of(HOME, new Address("192.0.2.2", 7677))))
        .doesNotThrowAnyException();
  }

  @Test
  void anAddressIsLeftAloneToo() {
    dials.check(HOME);
    dials.failed(HOME, silent());
    assertThatThrownBy(() -> dials.check(HOME)).hasMessageContaining("backing off from " + HOME);
    uptime = uptime.plusSeconds(1);
    dials.check(HOME);
    dials.failed(HOME, silent());
    dials.succeeded(HOME);
    dials.check(HOME);
  }

  @Test
  void aTrimmedPeerRestsForLong() {
    dials.trimmed(peer, Set.of(HOME), "too many");
    assertThat(dials.left(peer)).isBetween(Duration.ofSeconds(30), Duration.ofSeconds(90));
    assertThatThrownBy(() -> dials.check(peer, Set.of(HOME))).hasMessageEndingWith("too many");
  }

  @Test
  void atMostSoManyAddressesAreDialledAtOneTime() throws Exception {
    var first = dials.turn(Duration.ofSeconds(1));
    var second = dials.turn(Duration.ofSeconds(1));
    assertThatThrownBy(() -> dials.turn(Duration.ofMillis(5)))
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).isEqualTo(TransportCode.BUSY))
        .hasMessageContaining("transport.max_dials = 2 is reached");
    first.close();
    dials.turn(Duration.ofMillis(5)).close();
    second.close();
    assertThat(quotas.dials.used()).isZero();
    assertThat(quotas.dials.refused()).isOne();
  }

  @Test
  void andAtMostSoManyInASecond() throws Exception {
    for (int i = 0; i < 20; i++) { // the burst
      dials.turn(Duration.ofMillis(5)).close();
    }
    assertThatThrownBy(() -> dials.turn(Duration.ofMillis(5)))
        .hasMessageContaining("transport.max_dial_rate = 10 is reached");
    uptime = uptime.plusMillis(101);
    dials.turn(Duration.ofMillis(5)).close();
    assertThatThrownBy(() -> dials.turn(Duration.ofMillis(5))).isInstanceOf(Fault.class);
    assertThat(quotas.dialRate.refused()).isEqualTo(2);
  }
}
