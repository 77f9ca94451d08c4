package dev.cis.transport.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import dev.cis.transport.Admission;
import dev.cis.transport.Await;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.PeerLink;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportCode;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.realm.AccessConfig;
import dev.cis.transport.realm.Realms;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What nodes in no realm of an open anchor get of it, and it of them. */
class AnchorRealmTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final ProtocolId INSIDE = ProtocolId.parse("/cis/app/secret/1.0");
  private static final ProtocolId SHARED = ProtocolId.parse("/cis/sys/shared/1.0");
  private static final AccessConfig ANCHOR =
      new AccessConfig(List.of(), List.of(), true, Admission.Strangers.SERVED);
  private static final AccessConfig PLAIN = AccessConfig.DEFAULT;
  private static final AccessConfig ALOOF =
      new AccessConfig(List.of(), List.of(), false, Admission.Strangers.REFUSED);

  private final MemoryNetwork network = new MemoryNetwork();
  private final SecureRandom random = new SecureRandom();
  private final List<AutoCloseable> opened = new ArrayList<>();

  /** Writes down who came. */
  private static final class Notes implements Swarm.PeerListener {
    final List<NodeId> came = new CopyOnWriteArrayList<>();
    final List<NodeId> left = new CopyOnWriteArrayList<>();

    @Override
    public void up(PeerLink link) {
      came.add(link.peer());
    }

    @Override
    public void down(NodeId node, String reason) {
      left.add(node);
    }
  }

  @AfterEach
  void closeAll() throws Exception {
    for (var closeable : opened.reversed()) {
      closeable.close();
    }
  }

  private Realms realms(KeyPair key, AccessConfig access) {
    return Realms.inMemory(key, access, () -> Uptime.CLOCK.now().wall());
  }

  private Swarm founder(AccessConfig access) {
    var key = KeyPair.generate(random);
    var realms = realms(key, access);
    var _ = realms.create("lab");
    return node(key, realms);
  }

  private Swarm node(KeyPair key, Realms realms) {
    var description =
        new PeerDescription(
            "hush-name", new TreeMap<>(Map.of("hush", "label")), List.of("anchor"), List.of());
    var swarm =
        network.join(key, TransportConfig.DEFAULT, StoredPeerBook.inMemory(), description, realms);
    opened.add(swarm);
    var _ = swarm.serve(INSIDE, _ -> "hush".getBytes(StandardCharsets.UTF_8));
    var _ = swarm.handle(INSIDE, stream -> stream.send(new byte[] {1}));
    return swarm;
  }

  private static PeerLink connect(Swarm from, Swarm to) {
    return from.connect(to.localAddresses().getFirst(), LONG);
  }

  private static void assertRefused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.REFUSED));
  }

  @Test
  void aStrangerIsServedInTheRealmOfAnchorsAndInNoOther() {
    var anchor = founder(ANCHOR);
    var stranger = founder(PLAIN);
    var members = new Notes();
    var guests = new Notes();
    var _ = anchor.listen(members);
    var _ = anchor.in(Admission.ANCHOR_REALM).listen(guests);
    var _ =
        anchor
            .in(Admission.ANCHOR_REALM)
            .serve(SHARED, _ -> "welcome".getBytes(StandardCharsets.UTF_8));

    assertThat(connect(stranger, anchor).realms()).containsExactly(Admission.ANCHOR_REALM);
    var there = stranger.in(Admission.ANCHOR_REALM);
    byte[] answer = there.ask(anchor.self(), SHARED, new byte[0], LONG).bytes();
    assertThat(new String(answer, StandardCharsets.UTF_8)).isEqualTo("welcome");

    assertRefused(() -> stranger.ask(anchor.self(), INSIDE, new byte[0], LONG));
    assertRefused(() -> stranger.open(anchor.self(), INSIDE, LONG).receive(10));
    assertThatThrownBy(() -> there.ask(anchor.self(), INSIDE, new byte[0], LONG))
        .isInstanceOfSatisfying(
            Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.NO_PROTOCOL));
    Await.until("the guest is seen", () -> guests.came.contains(stranger.self()));
    assertThat(members.came).isEmpty();
    assertThat(anchor.members()).isEmpty();
    assertThat(anchor.in(Admission.ANCHOR_REALM).links()).hasSize(1);
  }

  @Test
  void neitherSideLearnsNameLabelsOrWhatIsSpokenInside() {
    var anchor = founder(ANCHOR);
    var stranger = founder(PLAIN);
    var _ = connect(stranger, anchor);
    for (var pair : List.of(List.of(anchor, stranger), List.of(stranger, anchor))) {
      var told = pair.get(0);
      var teller = pair.get(1).self();
      Await.until("a record", () -> told.book().find(teller).map(e -> e.record()).isPresent());
      var record = told.book().find(teller).map(e -> e.record()).orElseThrow().value();
      assertThat(record.name()).isEmpty();
      assertThat(record.labels()).isEmpty();
      assertThat(record.protocols()).doesNotContain(INSIDE);
      assertThat(record.addresses()).isNotEmpty();
      assertThat(record.roles()).containsExactly("anchor");
    }
    // A change is told as sparingly.
    var changed = new PeerDescription("hush-again", new TreeMap<>(), List.of("other"), List.of());
    stranger.describe(changed);
    Await.until(
        "the change is told",
        () ->
            anchor
                .book()
                .find(stranger.self())
                .map(e -> e.record())
                .orElseThrow()
                .value()
                .roles()
                .contains("other"));
    assertThat(
            anchor.book().find(stranger.self()).map(e -> e.record()).orElseThrow().value().name())
        .isEmpty();
  }

  @Test
  void aMemberOfTheAnchorsRealmProvesBothAndIsToldEverything() {
    var anchorKey = KeyPair.generate(random);
    var anchorRealms = realms(anchorKey, ANCHOR);
    var _ = anchorRealms.create("lab");
    var anchor = node(anchorKey, anchorRealms);
    var memberKey = KeyPair.generate(random);
    var memberRealms = realms(memberKey, PLAIN);
    var _ =
        memberRealms.join(
            anchorRealms.invite(
                "", dev.cis.transport.realm.Role.MEMBER, Duration.ofDays(1), List.of()),
            true);
    var member = node(memberKey, memberRealms);
    assertThat(connect(member, anchor).realms())
        .containsExactlyInAnyOrder(Admission.ANCHOR_REALM, anchorRealms.home());
    var record = anchor.book().find(member.self()).map(e -> e.record()).orElseThrow().value();
    assertThat(record.name()).isEqualTo("hush-name");
    byte[] answer = member.ask(anchor.self(), INSIDE, new byte[0], LONG).bytes();
    assertThat(answer).asString(StandardCharsets.UTF_8).isEqualTo("hush");
  }

  @Test
  void onlyAnchorsServeStrangersAndOnlyThoseWhoWantAnchors() {
    var plain = founder(PLAIN);
    var anchor = founder(ANCHOR);
    assertRefused(() -> connect(founder(PLAIN), plain));
    assertRefused(() -> connect(anchor, plain));
    assertRefused(() -> connect(founder(ALOOF), anchor));
  }
}
