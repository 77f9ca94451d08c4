package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.time.Now;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SurroundingsTest {
  private static final Set<InetAddress> HOME = Set.of(ip(192, 168, 1, 5));
  private static final Set<InetAddress> AWAY = Set.of(ip(10, 0, 0, 9));

  private final Surroundings surroundings = new Surroundings(Duration.ofSeconds(15));
  private Duration uptime = Duration.ofHours(3);
  private Instant wall = Instant.parse("2026-11-21T08:00:00Z");

  private static InetAddress ip(int... bytes) {
    byte[] raw = new byte[4];
    for (int i = 0; i < 4; i++) {
      raw[i] = (byte) bytes[i];
    }
    try {
      return InetAddress.getByAddress(raw);
    } catch (java.net.UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  /** A look after so much time by each of the two clocks. */
  private Surroundings.Change after(Duration awake, Duration byTheWall, Set<InetAddress> present) {
    uptime = uptime.plus(awake);
    wall = wall.plus(byTheWall);
    return surroundings.look(new Now(uptime, wall), present);
  }

  private Surroundings.Change after(int seconds, Set<InetAddress> present) {
    return after(Duration.ofSeconds(seconds), Duration.ofSeconds(seconds), present);
  }

  @Test
  void nothingIsSeenWhereNothingChanges() {
    assertThat(after(0, HOME)).isEqualTo(Surroundings.Change.NONE);
    for (int i = 0; i < 100; i++) {
      assertThat(after(1, HOME).isAny()).isFalse();
    }
    // A busy machine looks late; that is no sleep.
    assertThat(after(14, HOME).isAny()).isFalse();
  }

  @Test
  void anAddressThatComesOrGoesIsAMoveAndToldOnce() {
    after(0, HOME);
    assertThat(after(1, Set.of())).isEqualTo(new Surroundings.Change(false, true));
    assertThat(after(1, Set.of()).isAny()).isFalse();
    assertThat(after(1, AWAY)).isEqualTo(new Surroundings.Change(false, true));
    assertThat(after(1, AWAY).isAny()).isFalse();
  }

  @Test
  void aStoppedProcessHasSlept() {
    after(0, HOME);
    assertThat(after(60, HOME)).isEqualTo(new Surroundings.Change(true, false));
    assertThat(after(1, HOME).isAny()).isFalse();
  }

  @Test
  void aSuspendedMachineHasSleptThoughItsMonotonicClockStoodStill() {
    after(0, HOME);
    var change = after(Duration.ofSeconds(1), Duration.ofHours(8), AWAY);
    assertThat(change).isEqualTo(new Surroundings.Change(true, true));
    assertThat(after(1, AWAY).isAny()).isFalse();
  }

  @Test
  void aClockThatIsSetALittleOrBackIsNoSleep() {
    after(0, HOME);
    assertThat(after(Duration.ofSeconds(1), Duration.ofSeconds(4), HOME).isAny()).isFalse();
    assertThat(after(Duration.ofSeconds(1), Duration.ofHours(-2), HOME).isAny()).isFalse();
  }
}
