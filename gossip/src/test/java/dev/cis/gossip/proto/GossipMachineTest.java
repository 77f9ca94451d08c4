package dev.cis.gossip.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.gossip.proto.GossipFrame.Have;
import dev.cis.gossip.proto.GossipFrame.Push;
import dev.cis.gossip.proto.GossipFrame.Want;
import dev.cis.gossip.proto.GossipInput.PeerDown;
import dev.cis.gossip.proto.GossipInput.PeerUp;
import dev.cis.gossip.proto.GossipInput.Received;
import dev.cis.gossip.proto.GossipOutput.Deliver;
import dev.cis.gossip.proto.GossipOutput.Reason;
import dev.cis.gossip.proto.GossipOutput.Refused;
import dev.cis.gossip.proto.GossipOutput.Send;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class GossipMachineTest {
  private static final Instant START = Instant.parse("2026-11-21T00:00:00Z");
  private static final NodeId SELF = node(1);
  private static final NodeId A = node(2);
  private static final NodeId B = node(3);
  private static final NodeId AUTHOR = node(9);

  private final List<GossipOutput> outputs = new ArrayList<>();
  private GossipMachine machine = machine(GossipBounds.DEFAULT);
  private Now now = new Now(Duration.ofSeconds(5), START);

  @Test
  void aDuplicateIsDeliveredOnceAndNotForwardedAgain() {
    on(new PeerUp(A), new PeerUp(B));
    var push = new Push(rumour(0), 1);
    assertThat(on(new Received(A, push)))
        .containsExactly(new Deliver(push.rumour(), 1), new Send(B, new Push(push.rumour(), 2)));
    assertThat(on(new Received(A, push), new Received(B, push))).isEmpty();
  }

  @Test
  void aReplayIsRefusedAfterTheIdIsForgotten() {
    machine = machine(smallMemory(4));
    var first = rumour(0);
    on(new Received(A, new Push(first, 1)));
    for (int i = 1; i <= 4; i++) {
      on(new Received(A, new Push(rumour(i), 1)));
    }
    assertThat(on(new Received(A, new Push(first, 1))))
        .containsExactly(new Refused(A, first.id(), Reason.REPLAY));
    assertThat(on(new PeerUp(A), new Received(A, new Have(List.of(first.id()), false))))
        .noneMatch(o -> o instanceof Send(_, Want _));
  }

  @Test
  void aReplayIsRefusedAfterItsTimeEvenWhenTheClockIsSetBack() {
    var rumour = rumour(0);
    on(new Received(A, new Push(rumour, 1)));
    pass(Duration.ofSeconds(181));
    pass(Duration.ofMinutes(1));
    assertThat(machine.remembered()).isZero();
    assertThat(on(new Received(A, new Push(rumour, 1))))
        .containsExactly(new Refused(A, rumour.id(), Reason.STALE));
    now = new Now(now.uptime(), START);
    assertThat(on(new Received(A, new Push(rumour, 1))))
        .containsExactly(new Refused(A, rumour.id(), Reason.REPLAY));
  }

  @Test
  void aRumourIsAcceptedUpToAMinuteFromTheFutureAndThreeFromThePast() {
    assertThat(reasonAt(60_000)).isNull();
    assertThat(reasonAt(60_001)).isEqualTo(Reason.FUTURE);
    assertThat(reasonAt(-180_000)).isNull();
    assertThat(reasonAt(-180_001)).isEqualTo(Reason.STALE);
  }

  @Test
  void whatIsMissingIsAskedForOfOneAnnouncerAfterTheOther() {
    on(new PeerUp(A), new PeerUp(B));
    var id = rumour(0).id();
    var have = new Have(List.of(id), false);
    assertThat(on(new Received(A, have), new Received(B, have))).isEmpty();
    var want = new Want(List.of(id));
    assertThat(pass(Duration.ofMillis(50))).containsExactly(new Send(A, want));
    assertThat(pass(Duration.ofSeconds(1))).containsExactly(new Send(B, want));
    on(new PeerDown(B));
    assertThat(pass(Duration.ofSeconds(2))).containsExactly(new Send(A, want));
    on(new Received(A, new Push(rumour(0), 4)));
    assertThat(machine.missing()).isZero();
  }

  @Test
  void anAnnouncerThatNeverDeliversIsGivenUp() {
    on(new PeerUp(A), new Received(A, new Have(List.of(rumour(0).id()), false)));
    for (int i = 0; i < 20; i++) {
      pass(Duration.ofSeconds(10));
    }
    assertThat(machine.missing()).isZero();
  }

  @Test
  void oneNeighbourCannotFillTheTableOfMissingRumours() {
    on(new PeerUp(A), new PeerUp(B));
    for (int frame = 0; frame < 100; frame++) {
      long from = frame * 256L;
      var ids = LongStream.range(from, from + 256).mapToObj(i -> rumour(i).id()).toList();
      on(new Received(A, new Have(ids, false)));
    }
    assertThat(machine.missing()).isEqualTo(1_024);
    on(new Received(B, new Have(List.of(rumour(1_000_000).id()), false)));
    assertThat(machine.missing()).isEqualTo(1_025);
    on(new PeerDown(A));
    assertThat(machine.missing()).isEqualTo(1);
  }

  @Test
  void aNeighbourThatAsksWithoutEndIsAnsweredWithinItsAllowance() {
    var rumour = rumour(0);
    on(new PeerUp(A), new Received(B, new Push(rumour, 1)));
    long answers = 0;
    for (int i = 0; i < 10_000; i++) {
      answers += on(new Received(A, new Want(List.of(rumour.id())))).size();
    }
    assertThat(answers).isEqualTo(2_048);
  }

  @Test
  void aStrangerIsAnsweredNothing() {
    var rumour = rumour(0);
    on(new Received(B, new Push(rumour, 1)));
    assertThat(on(new Received(A, new Want(List.of(rumour.id()))))).isEmpty();
  }

  @Test
  void payloadsKeptForOthersStayWithinTheirBound() {
    on(new PeerUp(A));
    var large = Bytes.of(new byte[Rumour.MAX_PAYLOAD]);
    for (int i = 0; i < 40; i++) {
      on(new Received(A, new Push(rumour(i, large), 1)));
    }
    assertThat(on(new PeerUp(B)))
        .singleElement()
        .isInstanceOfSatisfying(
            Send.class, send -> assertThat(((Have) send.frame()).ids()).hasSize(32));
    assertThat(machine.remembered()).isEqualTo(40);
    assertThat(on(new Received(A, new Push(rumour(0, large), 1)))).isEmpty();
  }

  @Test
  void aNeighbourThatSaysItHasARumourIsNotToldAgain() {
    on(new PeerUp(A), new PeerUp(B));
    var rumour = rumour(0);
    on(new Received(A, new Push(rumour, 1)));
    var have = new Have(List.of(rumour.id()), false);
    assertThat(pass(Duration.ofSeconds(1))).containsExactly(new Send(B, have));
    on(new Received(B, new Have(List.of(rumour.id()), true)));
    for (int i = 0; i < 30; i++) {
      assertThat(pass(Duration.ofSeconds(1))).isEmpty();
    }
  }

  @Test
  void theTimeToLiveGrowsWithTheNetwork() {
    assertThat(GossipMachine.defaultTtl(1)).isEqualTo(8);
    assertThat(GossipMachine.defaultTtl(100)).isEqualTo(18);
    assertThat(GossipMachine.defaultTtl(1_000)).isEqualTo(24);
    assertThat(GossipMachine.eagerLinks(2)).isEqualTo(5);
    assertThat(GossipMachine.eagerLinks(1_000)).isEqualTo(11);
  }

  private @org.jspecify.annotations.Nullable Reason reasonAt(long millis) {
    machine = machine(GossipBounds.DEFAULT);
    return on(new Received(A, new Push(rumour(millis * 1_000), 1))).stream()
        .filter(Refused.class::isInstance)
        .map(o -> ((Refused) o).reason())
        .findFirst()
        .orElse(null);
  }

  private List<GossipOutput> on(GossipInput... inputs) {
    outputs.clear();
    for (var input : inputs) {
      machine.on(now, input, outputs::add);
    }
    return List.copyOf(outputs);
  }

  private List<GossipOutput> pass(Duration time) {
    outputs.clear();
    now = new Now(now.uptime().plus(time), now.wall().plus(time));
    machine.tick(now, outputs::add);
    return List.copyOf(outputs);
  }

  private static GossipMachine machine(GossipBounds bounds) {
    return new GossipMachine(SELF, bounds, new SplittableRandom(1));
  }

  private static GossipBounds smallMemory(int ids) {
    var d = GossipBounds.DEFAULT;
    return new GossipBounds(
        d.lifetime(),
        d.clockSkew(),
        d.announceFirst(),
        d.announceLast(),
        d.askFirst(),
        d.askAgain(),
        d.cachedBytes(),
        ids,
        d.missing());
  }

  private static Rumour rumour(long micros) {
    return rumour(micros, Bytes.utf8("text"));
  }

  private static Rumour rumour(long micros, Bytes payload) {
    return Rumour.unsigned(AUTHOR, RumourId.sequenceAt(START) + micros, "topic", payload, 8, 1);
  }

  private static NodeId node(int n) {
    var bytes = new byte[NodeId.BYTES];
    Arrays.fill(bytes, (byte) n);
    return NodeId.of(bytes);
  }
}
