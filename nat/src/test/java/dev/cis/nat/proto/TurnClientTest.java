package dev.cis.nat.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.time.Machine;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.TurnClient.Allocated;
import dev.cis.nat.proto.TurnClient.Close;
import dev.cis.nat.proto.TurnClient.Ended;
import dev.cis.nat.proto.TurnClient.FromPeer;
import dev.cis.nat.proto.TurnClient.FromServer;
import dev.cis.nat.proto.TurnClient.Open;
import dev.cis.nat.proto.TurnClient.PeerRefused;
import dev.cis.nat.proto.TurnClient.ToPeer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** An allocation from its beginning to its end, and what a server may do to it. */
class TurnClientTest {
  private static final Endpoint PEER = StunWorld.at(203, 0, 113, 10, 7_677);
  private static final Endpoint OTHER = StunWorld.at(198, 51, 100, 10, 7_677);

  private final FakeTurn turn = new FakeTurn(false, "password");

  private static ToPeer to(Endpoint peer, String text) {
    return new ToPeer(peer, Bytes.utf8(text));
  }

  private void open() {
    turn.give(new Open());
    assertThat(turn.told).containsExactly(new Allocated(FakeTurn.RELAYED, Optional.empty()));
    turn.told.clear();
    turn.served.clear();
  }

  @Test
  void theServerIsToldWhoAsksOnlyAfterItHasSaidWhereItBelongs() {
    open();
    assertThat(turn.client.wakeAt()).isLessThan(Machine.NEVER);
  }

  @Test
  void aWrongPasswordIsRefusedOnceAndNotTriedAgain() {
    var wrong = new FakeTurn(false, "wrong");
    wrong.give(new Open());
    var ended = (Ended) wrong.told.getFirst();
    assertThat(ended.code()).isEqualTo(401);
    assertThat(ended.why()).contains("wrong user or password");
    assertThat(wrong.client.wakeAt()).isEqualTo(Machine.NEVER);
  }

  @Test
  void aServerThatIsFullIsToldOf() {
    turn.errors.put(TurnMessage.ALLOCATE, 486);
    turn.give(new Open());
    assertThat(((Ended) turn.told.getFirst()).why()).contains("486", "too many allocations");
  }

  @Test
  void aServerThatDoesNotAnswerIsGivenUp() {
    turn.lost = _ -> true;
    turn.give(new Open());
    turn.passUntilTold(1);
    assertThat(((Ended) turn.told.getFirst()).why()).contains("does not answer");
    assertThat(turn.uptime).isEqualTo(Duration.ofMillis(39_500));
  }

  @Test
  void theFirstDatagramWaitsForThePermissionAndLaterOnesUseTheChannel() {
    open();
    turn.give(to(PEER, "one"));
    turn.give(to(PEER, "two"));
    assertThat(turn.served)
        .containsExactly("permission", "send one", "channel", "channel-data two");
    turn.give(to(OTHER, "three"));
    assertThat(turn.channels.values()).containsExactlyInAnyOrder(PEER, OTHER);
  }

  @Test
  void withoutAChannelEverythingGoesInIndications() {
    open();
    turn.errors.put(TurnMessage.CHANNEL_BIND, 400);
    turn.give(to(PEER, "one"));
    turn.give(to(PEER, "two"));
    assertThat(turn.served).containsExactly("permission", "send one", "send two");
  }

  @Test
  void whatPeersSendArrivesByBothWays() {
    open();
    turn.indicate(PEER, "early");
    turn.give(to(PEER, "one"));
    int channel = turn.channels.keySet().iterator().next();
    var data = new TurnMessage.ChannelData(channel, Bytes.utf8("later"));
    turn.give(new FromServer(Bytes.of(data.encode(false))));
    turn.give(new FromServer(Bytes.of(data.encode(true))));
    var unknown = new TurnMessage.ChannelData(channel + 1, Bytes.utf8("unknown"));
    turn.give(new FromServer(Bytes.of(unknown.encode(false))));
    assertThat(turn.told)
        .containsExactly(
            new FromPeer(PEER, Bytes.utf8("early")),
            new FromPeer(PEER, Bytes.utf8("later")),
            new FromPeer(PEER, Bytes.utf8("later")));
  }

  @Test
  void aPeerThatIsForbiddenIsToldOfAndTheOthersGoOn() {
    open();
    turn.errors.put(TurnMessage.CREATE_PERMISSION, 403);
    turn.give(to(PEER, "one"));
    assertThat(((PeerRefused) turn.told.getFirst()).why()).contains("403", "forbidden");
    turn.errors.clear();
    turn.give(to(OTHER, "two"));
    assertThat(turn.served).contains("send two");
    turn.give(new ToPeer(new Endpoint(Bytes.of(new byte[16]), 1), Bytes.EMPTY));
    assertThat(((PeerRefused) turn.told.getLast()).why()).contains("other family");
  }

  @Test
  void aStaleNonceIsReplacedWithoutLoss() {
    open();
    turn.nonce = "nonce-2";
    turn.give(to(PEER, "one"));
    assertThat(turn.served).contains("permission", "channel", "send one");
    turn.nonce = "nonce-3";
    turn.pass(Duration.ofMinutes(10));
    assertThat(turn.served).contains("refresh 600");
    assertThat(turn.told).isEmpty();
  }

  @Test
  void aServerWhoseNoncesAreAlwaysStaleIsGivenUp() {
    turn.lost =
        name -> {
          turn.nonce = turn.nonce + "!";
          return false;
        };
    turn.give(new Open());
    assertThat(((Ended) turn.told.getFirst()).code()).isEqualTo(438);
  }

  @Test
  void aNonceThatFitsIntoNoRequestEndsIt() {
    turn.nonce = "n".repeat(700);
    turn.give(new Open());
    assertThat(((Ended) turn.told.getFirst()).code()).isEqualTo(401);
    assertThat(turn.client.wakeAt()).isEqualTo(Machine.NEVER);
  }

  @Test
  void everythingIsRenewedBeforeItLapses() {
    open();
    turn.give(to(PEER, "one"));
    turn.served.clear();
    turn.pass(Duration.ofMinutes(9).minusSeconds(1));
    assertThat(turn.served).doesNotContain("refresh 600");
    assertThat(turn.served.stream().filter("permission"::equals)).hasSize(2);
    assertThat(turn.served.stream().filter("channel"::equals)).hasSize(2);
    turn.pass(Duration.ofSeconds(2));
    assertThat(turn.served).contains("refresh 600");
  }

  @Test
  void whoeverIsNotSpokenToForTenMinutesIsLetGo() {
    open();
    turn.give(to(PEER, "one"));
    turn.pass(Duration.ofMinutes(13));
    turn.served.clear();
    turn.pass(Duration.ofMinutes(10));
    assertThat(turn.served).doesNotContain("permission", "channel").contains("refresh 600");
    turn.give(to(PEER, "again"));
    assertThat(turn.served).contains("permission", "send again");
  }

  @Test
  void anIdleWayToTheServerIsKeptOpen() {
    open();
    turn.pass(Duration.ofSeconds(61));
    assertThat(turn.served).containsExactly("binding", "binding", "binding", "binding");
  }

  @Test
  void closingGivesTheAddressBack() {
    open();
    turn.give(new Close());
    assertThat(turn.served).containsExactly("refresh 0");
    assertThat(turn.told).containsExactly(new Ended(0, ""));
    turn.give(to(PEER, "late"));
    turn.give(new Open());
    assertThat(turn.told).hasSize(1);
    assertThat(turn.client.wakeAt()).isEqualTo(Machine.NEVER);
  }

  @Test
  void anAllocationThatTheServerHasLostIsToldOf() {
    open();
    turn.errors.put(TurnMessage.REFRESH, 437);
    turn.pass(Duration.ofMinutes(10));
    assertThat(((Ended) turn.told.getFirst()).why()).contains("437", "allocation is gone");
  }

  @Test
  void aRequestThatIsLostIsRepeatedAndWhatWaitsForItIsNot() {
    open();
    turn.lost = "permission"::equals;
    turn.give(to(PEER, "one"));
    assertThat(turn.served).containsExactly("channel");
    // Lost, and repeated after half a second; now it gets through.
    turn.lost = _ -> false;
    turn.pass(Duration.ofMillis(500));
    assertThat(turn.served).containsExactly("channel", "permission", "channel-data one");
  }

  @Test
  void anAnswerThatIsNotSignedEndsIt() {
    turn.signed = false;
    turn.give(new Open());
    assertThat(((Ended) turn.told.getFirst()).why()).contains("not signed");
  }

  @Test
  void peersAreBounded() {
    open();
    for (int i = 0; i <= TurnClient.MOST_PEERS; i++) {
      turn.give(to(StunWorld.at(203, 0, 113, 10, 1_000 + i), "x"));
    }
    assertThat(turn.told).hasSize(1);
    assertThat(((PeerRefused) turn.told.getFirst()).why()).contains("more than 120 peers");
  }

  @Test
  void garbageIsIgnored() {
    open();
    var random = new SplittableRandom(1);
    for (int i = 0; i < 20_000; i++) {
      var bytes = new byte[random.nextInt(64)];
      random.nextBytes(bytes);
      if (bytes.length > 8 && random.nextBoolean()) {
        bytes[0] = (byte) (random.nextBoolean() ? 0 : 0x40);
        System.arraycopy(HexFormat.of().parseHex("2112a442"), 0, bytes, 4, 4);
      }
      turn.give(new FromServer(Bytes.of(bytes)));
    }
    assertThat(turn.told).isEmpty();
  }

  @Test
  void framesAreFoundHoweverTheStreamIsCut() {
    var stun =
        new StunMessage(1, StunMessage.Kind.INDICATION, Bytes.utf8("123456789012"), List.of());
    var data = new TurnMessage.ChannelData(0x4001, Bytes.utf8("hello"));
    byte[] all = new byte[20 + 12 + 20];
    System.arraycopy(stun.encode(false), 0, all, 0, 20);
    System.arraycopy(data.encode(true), 0, all, 20, 12);
    System.arraycopy(stun.encode(false), 0, all, 32, 20);
    for (int size = 1; size <= all.length; size++) {
      var frames = new TurnFrames();
      var found = new ArrayList<Bytes>();
      for (int at = 0; at < all.length; at += size) {
        int end = Math.min(all.length, at + size);
        frames.read(java.util.Arrays.copyOfRange(all, at, end), found::add);
      }
      assertThat(found).hasSize(3);
      assertThat(TurnMessage.ChannelData.decode(found.get(1).toByteArray())).isEqualTo(data);
    }
    assertThatThrownBy(() -> new TurnFrames().read(new byte[] {(byte) 0x80, 0, 0, 0}, _ -> {}))
        .isInstanceOf(Fault.class);
    var before = new ArrayList<Bytes>();
    byte[] broken = java.util.Arrays.copyOf(stun.encode(false), 24);
    broken[20] = (byte) 0xC0;
    assertThatThrownBy(() -> new TurnFrames().read(broken, before::add)).isInstanceOf(Fault.class);
    assertThat(before).hasSize(1);
  }
}
