package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** In virtual time. */
class DismissalsTest {
  private static final Address HOME = new Address("192.0.2.1", 7677);
  private static final Address OTHER = new Address("192.0.2.2", 7677);

  private Duration uptime = Duration.ofHours(1);
  private final Dismissals dismissals =
      new Dismissals(Duration.ofMinutes(10), () -> new Now(uptime, Instant.EPOCH));
  private final NodeId peer = node();

  private static NodeId node() {
    return KeyPair.generate(new SecureRandom()).nodeId();
  }

  private void refused(ThrowingCallable check) {
    assertThatThrownBy(check)
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).isEqualTo(TransportCode.BACKING_OFF))
        .hasMessageContaining("leaving " + peer.brief() + " alone for ")
        .hasMessageEndingWith("(transport.disconnect_rest): it was disconnected");
  }

  @Test
  void aPeerIsLeftAloneWhereverItIsUntilItsTimeIsOver() {
    dismissals.begin(peer, Set.of(HOME), "it was disconnected");
    for (int minute = 0; minute < 10; minute++) {
      assertThat(dismissals.left(peer)).isEqualTo(Duration.ofMinutes(10L - minute));
      refused(() -> dismissals.check(peer));
      refused(() -> dismissals.check(HOME));
      dismissals.check(OTHER);
      uptime = uptime.plusMinutes(1);
    }
    assertThat(dismissals.left(peer)).isZero();
    dismissals.check(peer);
    dismissals.check(HOME);
  }

  @Test
  void thatEndsWhenSomebodyWantsIt() {
    dismissals.begin(peer, Set.of(HOME), "it was disconnected");
    dismissals.end(peer);
    assertThat(dismissals.left(peer)).isZero();
    dismissals.check(peer);
    dismissals.check(HOME);
  }

  @Test
  void howLongItIsLeftAloneAndWhyIsTold() {
    assertThat(dismissals.resting(peer)).isEmpty();
    dismissals.begin(peer, Set.of(HOME), "it was disconnected");
    uptime = uptime.plusMinutes(1);
    assertThat(dismissals.resting(peer))
        .contains(new Swarm.Resting(Duration.ofMinutes(9), true, 0, "it was disconnected"));
    uptime = uptime.plusMinutes(9);
    assertThat(dismissals.resting(peer)).isEmpty();
  }

  @Test
  void soManyAreRememberedTheOldestForgottenFirst() {
    var second = node();
    dismissals.begin(peer, Set.of(), "it was disconnected");
    dismissals.begin(second, Set.of(), "it was disconnected");
    dismissals.begin(peer, Set.of(), "it was disconnected"); // once more: now the newest
    for (int i = 0; i < 4_095; i++) {
      dismissals.begin(
          NodeId.of(ByteBuffer.allocate(NodeId.BYTES).putInt(i).array()),
          Set.of(),
          "it was disconnected");
    }
    refused(() -> dismissals.check(peer));
    assertThatCode(() -> dismissals.check(second)).doesNotThrowAnyException();
  }
}
