package dev.cis.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A connection that a user has ended, on any network: nothing but a user makes it anew. */
public abstract class DisconnectConformance {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final ProtocolId ECHO = ProtocolId.parse("/cis/app/echo/1.0");

  private final List<AutoCloseable> opened = new ArrayList<>();

  /** A node on the network under test. */
  protected abstract Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description);

  @AfterEach
  void closeAll() throws Exception {
    for (var closeable : opened) {
      closeable.close();
    }
  }

  private Swarm node(Duration rest) {
    var dialling =
        Dialling.DEFAULT
            .withBackoff(Duration.ofMillis(20), Duration.ofMillis(200))
            .withDisconnectRest(rest);
    var swarm =
        join(
            KeyPair.generate(new SecureRandom()),
            TransportConfig.DEFAULT.with(dialling),
            StoredPeerBook.inMemory(),
            new PeerDescription("", new TreeMap<>(), List.of(), List.of()));
    opened.add(swarm);
    opened.add(swarm.serve(ECHO, Call::request));
    return swarm;
  }

  private static void connect(Swarm a, Swarm b) {
    a.book().suggest(b.self(), addressOf(b), "test");
    b.book().suggest(a.self(), addressOf(a), "test");
    assertThat(a.connect(b.self(), LONG).peer()).isEqualTo(b.self());
    Await.until("connected", () -> b.link(a.self()).isPresent());
  }

  private static Address addressOf(Swarm swarm) {
    return swarm.localAddresses().getFirst();
  }

  private static void disconnect(Swarm a, Swarm b) {
    assertThat(a.disconnect(b.self())).isTrue();
    Await.until("apart", () -> b.link(a.self()).isEmpty());
    assertThat(a.link(b.self())).isEmpty();
  }

  private static void assertLeftAlone(Swarm by, Swarm peer, String why) {
    for (var dial :
        List.<ThrowingCallable>of(
            () -> by.connect(peer.self(), LONG),
            () -> by.connect(addressOf(peer), LONG),
            () -> by.open(peer.self(), ECHO, LONG).close(),
            () -> by.ask(peer.self(), ECHO, new byte[1], LONG),
            () -> by.ping(peer.self(), LONG))) {
      assertThatThrownBy(dial)
          .isInstanceOfSatisfying(
              Fault.class, fault -> assertThat(fault.code()).isEqualTo(TransportCode.BACKING_OFF))
          .hasMessageContaining(why);
    }
    var call = by.call(peer.self(), ECHO, new byte[1], LONG);
    assertThat(call)
        .failsWithin(30, TimeUnit.SECONDS)
        .withThrowableThat()
        .havingCause()
        .withMessageContaining(why);
  }

  private static void assertTalk(Swarm a, Swarm b) {
    byte[] hello = "hello".getBytes(UTF_8);
    assertThat(a.ask(b.self(), ECHO, hello, LONG).payload().toByteArray()).isEqualTo(hello);
  }

  @Test
  void neitherSideDialsTheOtherByItself() {
    var a = node(Duration.ofHours(1));
    var b = node(Duration.ofHours(1));
    connect(a, b);
    a.keep(b.self());
    b.keep(a.self());
    disconnect(a, b);
    Await.until("counted", () -> !a.ends().isEmpty() && !b.ends().isEmpty());
    assertThat(a.ends().getFirst().how()).isEqualTo("here dismissed");
    assertThat(b.ends().getFirst().how()).isEqualTo("peer dismissed");
    var dials = Map.of(a, a.counters().dials(), b, b.counters().dials());
    assertThat(a.disconnect(b.self())).isFalse();
    a.networkChanged();
    b.networkChanged();
    var quiet = Deadline.in(Duration.ofMillis(600)); // thirty times the pause of whoever is kept
    Await.until(
        "quiet",
        () -> {
          assertLeftAlone(a, b, "it was disconnected here");
          assertLeftAlone(b, a, "it closed the connection: ");
          return quiet.isOver();
        });
    dials.forEach((swarm, before) -> assertThat(swarm.counters().dials()).isEqualTo(before));
    assertThat(a.links()).isEmpty();
    assertThat(b.links()).isEmpty();
  }

  @Test
  void aUserOfEitherSideEndsTheRestOfBoth() {
    var a = node(Duration.ofHours(1));
    var b = node(Duration.ofHours(1));
    connect(a, b);
    for (var user : List.of(a, b)) {
      var other = user.self().equals(a.self()) ? b : a;
      for (boolean byAddress : List.of(true, false)) {
        disconnect(a, b);
        var link =
            byAddress
                ? user.connectNow(addressOf(other), LONG)
                : user.connectNow(other.self(), LONG);
        assertThat(link.peer()).isEqualTo(other.self());
        Await.until("connected", () -> other.link(user.self()).isPresent());
        // Neither side remembers anything: also without a user they meet again.
        boolean _ = user.hangUp(other.self(), "for the test");
        Await.until("apart", () -> other.link(user.self()).isEmpty());
        assertTalk(other, user);
        assertTalk(user, other);
      }
    }
  }

  @Test
  void aPeerThatWasRecalledIsDialledAgain() {
    var a = node(Duration.ofHours(1));
    var b = node(Duration.ofHours(1));
    connect(a, b);
    b.keep(a.self());
    a.keep(b.self());
    disconnect(a, b);
    a.recall(b.self());
    Await.until("connected", () -> a.link(b.self()).isPresent() && b.link(a.self()).isPresent());
    disconnect(a, b);
    b.recall(a.self());
    Await.until("connected", () -> a.link(b.self()).isPresent() && b.link(a.self()).isPresent());
    assertTalk(a, b);
  }

  @Test
  void whenTheRestIsOverTheyMayMeetAgain() {
    var a = node(Duration.ofHours(1));
    var b = node(Duration.ofMillis(500));
    connect(a, b);
    a.keep(b.self());
    b.keep(a.self());
    disconnect(a, b);
    Await.until("connected", () -> a.link(b.self()).isPresent() && b.link(a.self()).isPresent());
    var link = a.link(b.self()).orElseThrow();
    assertThat(link.outbound()).isFalse();
    // And the first side keeps the peer as before.
    b.release(a.self());
    boolean _ = b.hangUp(a.self(), "for the test");
    Await.until(
        "kept",
        () -> a.link(b.self()).filter(now -> now.since().isAfter(link.since())).isPresent());
    assertThat(a.link(b.self()).orElseThrow().outbound()).isTrue();
  }
}
