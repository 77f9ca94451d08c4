package dev.cis.transport.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.proto.Trim.Candidate;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class TrimTest {
  private static final Duration GRACE = Duration.ofSeconds(30);
  private static final Duration OLD = Duration.ofMinutes(10);

  private static NodeId anyone() {
    return KeyPair.generate(new SecureRandom()).nodeId();
  }

  private static Candidate plain(Duration age, Duration unused) {
    return new Candidate(anyone(), false, false, age, unused, 0);
  }

  @Test
  void nothingIsCutUpToTheHighWaterMark() {
    var all = List.of(plain(OLD, OLD), plain(OLD, OLD), plain(OLD, OLD));
    assertThat(new Trim(1, 3, GRACE).plan(all).cut()).isEmpty();
  }

  @Test
  void aboveItTheLeastUsefulAreCutToTheLowWaterMark() {
    var used = plain(OLD, Duration.ofSeconds(1));
    var streaming = new Candidate(anyone(), false, false, OLD, OLD, 8);
    var ours = new Candidate(anyone(), false, true, OLD, OLD, 0);
    var idle = plain(OLD, OLD);
    var younger = plain(Duration.ofMinutes(1), Duration.ofMinutes(10));
    var plan = new Trim(2, 4, GRACE).plan(List.of(ours, idle, used, younger, streaming));
    assertThat(plan.cut()).containsExactly(younger, idle, ours);
    assertThat(plan.again()).isZero();
  }

  @Test
  void newOnesAreSparedUntilTheirGraceIsOver() {
    var fresh = plain(Duration.ofSeconds(12), Duration.ofSeconds(12));
    var fresher = plain(Duration.ofSeconds(5), Duration.ofSeconds(5));
    var idle = plain(OLD, OLD);
    var plan = new Trim(1, 1, GRACE).plan(List.of(fresher, fresh, idle));
    assertThat(plan.cut()).containsExactly(idle);
    assertThat(plan.again()).isEqualTo(Duration.ofSeconds(18));
  }

  @Test
  void protectedOnesStayHoweverMany() {
    var all = new ArrayList<Candidate>();
    for (int i = 0; i < 10; i++) {
      all.add(new Candidate(anyone(), true, false, OLD, OLD, 0));
    }
    var plan = new Trim(2, 4, GRACE).plan(all);
    assertThat(plan.cut()).isEmpty();
    assertThat(plan.again()).isZero();
    assertThat(Trim.victim(all)).isEmpty();
    var newcomer = plain(Duration.ZERO, Duration.ZERO);
    all.add(newcomer);
    assertThat(Trim.victim(all)).contains(newcomer);
  }

  @Property(tries = 200)
  void noProtectedOrNewOneIsEverCutAndNeverTooMany(@ForAll long seed) {
    var random = new SplittableRandom(seed);
    var all = new ArrayList<Candidate>();
    int size = random.nextInt(1, 40);
    for (int i = 0; i < size; i++) {
      byte[] id = new byte[NodeId.BYTES];
      random.nextBytes(id);
      all.add(
          new Candidate(
              NodeId.of(id),
              random.nextInt(3) == 0,
              random.nextBoolean(),
              Duration.ofSeconds(random.nextInt(100)),
              Duration.ofSeconds(random.nextInt(100)),
              random.nextInt(10)));
    }
    int low = random.nextInt(1, 20);
    var trim = new Trim(low, low + random.nextInt(10), GRACE);
    var plan = trim.plan(all);
    assertThat(plan.cut())
        .doesNotHaveDuplicates()
        .noneMatch(Candidate::isProtected)
        .allMatch(c -> c.age().compareTo(GRACE) >= 0);
    if (all.size() <= trim.high()) {
      assertThat(plan.cut()).isEmpty();
    } else {
      assertThat(all.size() - plan.cut().size()).isGreaterThanOrEqualTo(Math.min(low, size));
      // None that stays and might have gone is worth less than one that goes.
      double best = plan.cut().stream().mapToDouble(Trim::worth).max().orElse(0);
      assertThat(all)
          .filteredOn(c -> !plan.cut().contains(c))
          .filteredOn(c -> !c.isProtected() && c.age().compareTo(GRACE) >= 0)
          .allMatch(c -> Trim.worth(c) >= best);
    }
  }
}
