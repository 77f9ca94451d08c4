package dev.cis.transport.realm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import dev.cis.transport.Admission;
import dev.cis.transport.Await;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportCode;
import dev.cis.transport.TransportConfig;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What members of a realm tell each other, and who is let in, on any network. */
public abstract class RealmExchangeConformance {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration DAY = Duration.ofDays(1);

  private final SecureRandom random = new SecureRandom();
  private final List<AutoCloseable> opened = new ArrayList<>();

  /** A node on the network under test. */
  protected abstract Swarm join(
      KeyPair key,
      TransportConfig config,
      PeerBook book,
      PeerDescription description,
      Admission admission);

  /** A node with realms of its own. */
  private final class Member implements AutoCloseable {
    final Realms realms;
    final Swarm swarm;
    final RealmExchange exchange;

    Member(Realms realms, KeyPair key) {
      this.realms = realms;
      this.swarm =
          join(
              key,
              TransportConfig.DEFAULT.withBackoff(Duration.ofMillis(20), Duration.ofMillis(200)),
              StoredPeerBook.inMemory(),
              new PeerDescription("", new TreeMap<>(), List.of(), List.of()),
              realms);
      this.exchange = RealmExchange.start(swarm, realms);
      opened.add(this);
    }

    NodeId id() {
      return swarm.self();
    }

    void connect(Member other) {
      var _ = swarm.connect(other.swarm.localAddresses().getFirst(), LONG);
    }

    void refuses(Member other) {
      assertThatThrownBy(() -> other.connect(this))
          .isInstanceOfSatisfying(
              Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.REFUSED));
    }

    long epoch() {
      return realms.view("").keys().getFirst().epoch();
    }

    @Override
    public void close() {
      exchange.close();
      swarm.close();
    }
  }

  @AfterEach
  void closeAll() throws Exception {
    for (var closeable : opened) {
      closeable.close();
    }
  }

  private KeyPair key() {
    return KeyPair.generate(random);
  }

  private static Realms realms(KeyPair key) {
    return Realms.inMemory(key, AccessConfig.DEFAULT, () -> Uptime.CLOCK.now().wall());
  }

  private Member founder() {
    var key = key();
    var realms = realms(key);
    var _ = realms.create("lab");
    return new Member(realms, key);
  }

  private Member invited(Member by, Role role) {
    var key = key();
    var realms = realms(key);
    var _ = realms.join(by.realms.invite("", role, DAY, List.of()), false);
    return new Member(realms, key);
  }

  @Test
  void aNewKeyReachesMembersOverOthersAndThoseThatWereAway() {
    var founder = founder();
    var near = invited(founder, Role.MEMBER);
    var far = invited(founder, Role.MEMBER);
    var away = invited(founder, Role.MEMBER);
    near.connect(founder);
    far.connect(near);
    Await.until("the document is known", () -> far.realms.view("").sequence() == 1);

    founder.realms.rotate("", DAY);
    Await.until("the key is known", () -> near.epoch() == 2 && far.epoch() == 2);
    assertThat(far.swarm.links()).as("nobody was disconnected").hasSize(1);
    assertThat(away.epoch()).isEqualTo(1);
    away.connect(far);
    Await.until("the key is known", () -> away.epoch() == 2);
  }

  @Test
  void aRevokedNodeIsCutOffAtOnceAndStaysOut() {
    var founder = founder();
    var loyal = invited(founder, Role.MEMBER);
    var awayKey = key();
    var awayRealms = realms(awayKey);
    var _ = awayRealms.join(founder.realms.invite("", Role.MEMBER, DAY, List.of()), false);
    var before = new Member(awayRealms, awayKey);
    var oldInvitation = founder.realms.invite("", Role.MEMBER, DAY, List.of());
    var mallory = invited(founder, Role.MEMBER);
    loyal.connect(founder);
    before.connect(founder);
    mallory.connect(loyal);
    mallory.connect(founder);
    Await.until("all know the realm", () -> mallory.realms.view("").sequence() == 1);
    before.close(); // or news that are on their way would connect it again
    Await.until("away", () -> founder.swarm.link(before.id()).isEmpty());

    founder.realms.revoke("", mallory.id(), DAY);
    Await.until("cut off by all", () -> mallory.swarm.links().isEmpty());
    Await.until("the key is known", () -> loyal.epoch() == 2);
    assertThat(mallory.epoch()).as("the new key was not for it").isEqualTo(1);
    founder.refuses(mallory);
    loyal.refuses(mallory);

    // Nor under another name, with the key that it still has.
    var key = key();
    var second = realms(key);
    var _ = second.join(oldInvitation, false);
    var other = new Member(second, key);
    founder.refuses(other);
    loyal.refuses(other);
    // Whoever was known before comes back with the same old key and is told the new one.
    var away = new Member(awayRealms, awayKey);
    assertThat(away.epoch()).isEqualTo(1);
    away.connect(founder);
    Await.until("the key is known", () -> away.epoch() == 2);
    assertThat(loyal.swarm.link(founder.id())).isPresent();
  }

  /** Or it would be taken for another name of the revoked one, and need a new invitation. */
  @Test
  void whoWasLetInBeforeARevocationIsKnownFromBefore() {
    var ticks = new AtomicLong(Uptime.CLOCK.now().wall().toEpochMilli());
    var key = key();
    var realms =
        Realms.inMemory(
            key, AccessConfig.DEFAULT, () -> Instant.ofEpochMilli(ticks.incrementAndGet()));
    var _ = realms.create("lab");
    var founder = new Member(realms, key);
    for (int i = 0; i < 40; i++) {
      var member = invited(founder, Role.MEMBER);
      member.connect(founder);
      realms.revoke("", key().nodeId(), DAY);
      assertThat(realms.secrets(member.id())).as("the new key and the old one").hasSize(2);
      member.close();
    }
  }

  @Test
  void theKeyThatShutsANodeOutIsNotToldToItWhileItsLinkStillStands() throws Exception {
    var key = key();
    var realms = realms(key);
    var _ = realms.create("lab");
    // Set before the swarm is there: it hears of the revocation only when the latch opens.
    var asked = new CountDownLatch(1);
    var armed = new AtomicBoolean();
    var _ =
        realms.watch(() -> {
          if (armed.get()) {
            await(asked);
          }
        });
    var founder = new Member(realms, key);
    var mallory = invited(founder, Role.MEMBER);
    mallory.connect(founder);
    Await.until("the document is known", () -> mallory.realms.view("").sequence() == 1);

    armed.set(true);
    var revoking = Thread.ofVirtual().start(() -> realms.revoke("", mallory.id(), DAY));
    try {
      Await.until("revoked", () -> realms.view("").sequence() == 2);
      assertThat(founder.swarm.link(mallory.id())).as("its link still stands").isPresent();
      try (var stream = mallory.swarm.openSystem(founder.id(), RealmExchange.PROTOCOL, LONG)) {
        var behind = RealmNews.State.of(realms.home(), Optional.empty());
        stream.send(RealmNews.CODEC.encode(new RealmNews(List.of(behind), List.of(), List.of())));
        byte[] answer = Objects.requireNonNull(stream.receive(RealmNews.MAX_BYTES));
        assertThat(RealmNews.CODEC.decode(answer).documents()).isEmpty();
      }
    } finally {
      asked.countDown();
      revoking.join();
    }
    Await.until("cut off", () -> mallory.swarm.links().isEmpty());
    assertThat(mallory.epoch()).isEqualTo(1);
  }

  @Test
  void whoIsDeniedByNameIsRefusedWhateverItProves() {
    var founder = founder();
    var mallory = invited(founder, Role.MEMBER);
    var key = key();
    var access = new AccessConfig(List.of(), List.of(mallory.id().toString()));
    var strict = Realms.inMemory(key, access, () -> Uptime.CLOCK.now().wall());
    var _ = strict.join(founder.realms.invite("", Role.MEMBER, DAY, List.of()), false);
    var member = new Member(strict, key);
    member.refuses(mallory);
    assertThatThrownBy(() -> member.connect(mallory))
        .isInstanceOfSatisfying(
            Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.NOT_ADMITTED));
    member.connect(founder);
    assertThat(member.swarm.links()).hasSize(1);
  }

  @Test
  void whoIsDeniedWhileConnectedGoesAtOnceAndComesBackWhenAllowed() {
    var founder = founder();
    var bob = invited(founder, Role.MEMBER);
    var carol = invited(founder, Role.MEMBER);
    bob.connect(founder);
    carol.connect(founder);
    founder.realms.deny(bob.id());
    Await.until(
        "both sides know",
        () -> founder.swarm.link(bob.id()).isEmpty() && bob.swarm.link(founder.id()).isEmpty());
    founder.refuses(bob);
    assertThat(founder.swarm.link(carol.id())).isPresent();
    founder.realms.allow(bob.id(), false);
    bob.swarm.connectNow(founder.swarm.localAddresses().getFirst(), LONG);
    founder.realms.allow(bob.id(), true);
    Await.until(
        "only bob is left",
        () -> founder.swarm.links().size() == 1 && carol.swarm.link(founder.id()).isEmpty());
    assertThat(founder.swarm.link(bob.id())).isPresent();
  }

  @Test
  void whoLeavesARealmLosesThePeersOfThatRealmAndNoOthers() {
    var founder = founder();
    var bob = invited(founder, Role.MEMBER);
    var other = founder();
    var _ = bob.realms.join(other.realms.invite("", Role.MEMBER, DAY, List.of()), false);
    bob.connect(founder);
    bob.connect(other);
    var left = founder.realms.view("").id();
    bob.realms.leave(left, other.realms.view("").id());
    Await.until(
        "the peer of the realm left has gone",
        () -> bob.swarm.link(founder.id()).isEmpty() && founder.swarm.link(bob.id()).isEmpty());
    assertThat(bob.swarm.link(other.id())).isPresent();
    assertThat(bob.swarm.members()).extracting(link -> link.peer()).containsExactly(other.id());
    founder.refuses(bob);
  }

  @Test
  void whoWasInvitedAsAdminIsOneOnceTheFounderHasSeenIt() {
    var founder = founder();
    var admin = invited(founder, Role.ADMIN);
    var member = invited(founder, Role.MEMBER);
    admin.connect(founder);
    Await.until("admin", () -> admin.realms.view("").role() == Role.ADMIN);
    member.connect(admin);
    admin.realms.rotate("", DAY);
    Await.until("the key is known", () -> member.epoch() == 2 && founder.epoch() == 2);
    admin.realms.revoke("", member.id(), DAY);
    Await.until("cut off", () -> member.swarm.links().isEmpty());
  }

  @Test
  void whatChangesWhileALinkComesUpIsToldOverItToo() {
    var key = key();
    var realms = realms(key);
    var _ = realms.create("lab");
    Member member;
    do {
      var other = key();
      var others = realms(other);
      var _ = others.join(realms.invite("", Role.MEMBER, DAY, List.of()), false);
      member = new Member(others, other);
    } while (member.id().compareTo(key.nodeId()) > 0); // the smaller one speaks first
    // The founder notes that the link is there after it was asked what it knows, and just when that
    // is not true any more.
    var changed = new CountDownLatch(1);
    var noted = new CountDownLatch(1);
    var _ = realms.greet((_, _) -> await(changed));
    var _ =
        realms.watch(() -> {
          changed.countDown();
          await(noted);
        });
    var founder = new Member(realms, key);
    var _ = realms.greet((_, _) -> noted.countDown());
    member.connect(founder);
    var told = member;
    Await.until("the document is known", () -> told.realms.view("").sequence() == 1);
    founder.realms.rotate("", DAY);
    Await.until("the key is known", () -> told.epoch() == 2);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void peersOfAnotherRealmAreNotToldOfAtHome() {
    var founder = founder();
    var both = founder();
    var heard = new java.util.concurrent.CopyOnWriteArrayList<NodeId>();
    var _ =
        both.swarm.listen(
            new Swarm.PeerListener() {
              @Override
              public void up(dev.cis.transport.PeerLink link) {
                heard.add(link.peer());
              }

              @Override
              public void down(NodeId node, String reason) {}
            });
    // Somebody else has been in its home realm, so it stays there.
    var friend = key();
    var friends = realms(friend);
    var _ = friends.join(both.realms.invite("", Role.MEMBER, DAY, List.of()), false);
    var third = new Member(friends, friend);
    third.connect(both);
    Await.until("heard", () -> heard.contains(third.id()));
    // That a link is there and that its realms were noted are told one after the other.
    Await.until("met", () -> both.realms.view("").met().contains(third.id()));
    var invitation = founder.realms.invite("", Role.MEMBER, DAY, List.of());
    assertThat(both.realms.join(invitation, false).home()).isFalse();

    both.connect(founder);
    assertThat(both.swarm.links()).hasSize(2);
    assertThat(both.swarm.members())
        .extracting(dev.cis.transport.PeerLink::peer)
        .containsExactly(third.id());
    founder.realms.rotate("", DAY);
    Await.until(
        "documents travel in every realm",
        () -> both.realms.view(founder.realms.home()).keys().getFirst().epoch() == 2);
    assertThat(heard).containsExactly(third.id());

    both.realms.join(invitation, true);
    Await.until("heard when home moves", () -> heard.contains(founder.id()));
  }
}
