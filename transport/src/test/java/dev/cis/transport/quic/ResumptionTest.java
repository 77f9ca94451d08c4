package dev.cis.transport.quic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.time.Uptime;
import dev.cis.transport.Address;
import dev.cis.transport.Admission;
import dev.cis.transport.Await;
import dev.cis.transport.NetworkSwarm;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportCode;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.realm.AccessConfig;
import dev.cis.transport.realm.Realms;
import dev.cis.transport.realm.Role;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A connection in a resumed TLS session is with the same peer as the first, or is not made. */
class ResumptionTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final PeerDescription NAMELESS =
      new PeerDescription("", new TreeMap<>(), List.of(), List.of());

  private final List<AutoCloseable> opened = new ArrayList<>();

  /** Counts the certificates that were shown. */
  private static final class Counting extends Tls.AnyNode {
    final AtomicInteger seen = new AtomicInteger();

    @Override
    void check(X509Certificate[] chain) throws CertificateException {
      seen.incrementAndGet();
      super.check(chain);
    }
  }

  private record Party(KeyPair key, Swarm swarm, Counting judge) {
    Address address() {
      return swarm.localAddresses().getFirst();
    }
  }

  private Party party(KeyPair key, InetSocketAddress at, int sessions) {
    return party(key, at, sessions, Admission.OPEN);
  }

  private Party party(KeyPair key, InetSocketAddress at, int sessions, Admission admission) {
    var judge = new Counting();
    var own = new Tls.OneKey(key);
    var config = TransportConfig.DEFAULT.withListen(at);
    var tls = new Tls.Contexts(Tls.server(own, judge), Tls.client(own, Tls.ALPN, sessions, judge));
    var network = QuicNetwork.bind(tls, config, RawDatagrams.NONE);
    var book = StoredPeerBook.inMemory();
    var swarm = NetworkSwarm.start(key, config, book, NAMELESS, admission, network);
    opened.add(swarm);
    return new Party(key, swarm, judge);
  }

  private Party party() {
    return party(KeyPair.generate(new SecureRandom()), QuicSwarmTest.anyPort(), 100);
  }

  @AfterEach
  void closeAll() throws Exception {
    for (var closeable : opened) {
      closeable.close();
    }
  }

  /** Connects by identity, and answers how many certificates both sides saw. */
  private static int certificates(Party from, Party to) {
    boolean _ = from.swarm.hangUp(to.swarm.self(), "to meet again");
    Await.until("apart", () -> to.swarm.link(from.swarm.self()).isEmpty());
    from.swarm.book().suggest(to.swarm.self(), to.address(), "test");
    int before = from.judge.seen.get() + to.judge.seen.get();
    assertThat(from.swarm.connect(to.swarm.self(), LONG).peer()).isEqualTo(to.swarm.self());
    assertThat(to.swarm.link(from.swarm.self())).isPresent();
    assertThat(from.swarm.ping(to.swarm.self(), LONG)).isPositive();
    return from.judge.seen.get() + to.judge.seen.get() - before;
  }

  @Test
  void aKnownPeerIsMetAgainWithoutCertificates() {
    var a = party();
    var b = party();
    var c = party();
    assertThat(certificates(a, b)).isEqualTo(2);
    assertThat(certificates(c, b)).isEqualTo(2);
    for (int i = 0; i < 3; i++) {
      assertThat(certificates(a, b)).isZero();
      assertThat(certificates(c, b)).isZero();
    }
  }

  @Test
  void withoutRememberedSessionsEveryHandshakeIsFull() {
    var a = party(KeyPair.generate(new SecureRandom()), QuicSwarmTest.anyPort(), 0);
    var b = party();
    for (int i = 0; i < 3; i++) {
      assertThat(certificates(a, b)).isEqualTo(2);
    }
  }

  @Test
  void aPeerThatWasStartedAnewIsMetInFull() throws Exception {
    var a = party();
    var b = party();
    assertThat(certificates(a, b)).isEqualTo(2);
    b.swarm.close();
    var again = party(b.key, socket(b.address()), 100);
    assertThat(certificates(a, again)).isEqualTo(2);
    assertThat(certificates(a, again)).isZero();
  }

  @Test
  void anotherNodeAtTheAddressOfAKnownPeerIsNotTakenForIt() throws Exception {
    var a = party();
    var b = party();
    assertThat(certificates(a, b)).isEqualTo(2);
    assertThat(certificates(a, b)).isZero();
    b.swarm.close();
    Await.until("apart", () -> a.swarm.link(b.swarm.self()).isEmpty());
    var impostor = party(KeyPair.generate(new SecureRandom()), socket(b.address()), 100);
    for (int i = 0; i < 3; i++) {
      // The impostor's tickets are filed under the name of the peer, and help it nothing.
      assertThatThrownBy(() -> a.swarm.connectNow(b.swarm.self(), LONG))
          .isInstanceOfSatisfying(
              Fault.class,
              fault -> assertThat(fault.code()).isEqualTo(TransportCode.WRONG_IDENTITY));
    }
    assertThat(a.swarm.link(b.swarm.self())).isEmpty();
    assertThat(impostor.swarm.links()).isEmpty();
  }

  @Test
  void aNodeThatWasRevokedIsNotLetInByARememberedSession() {
    var key = KeyPair.generate(new SecureRandom());
    var realms = realms(key);
    var a = party(key, QuicSwarmTest.anyPort(), 100, realms);
    var adminKey = KeyPair.generate(new SecureRandom());
    var admin = realms(adminKey);
    var b = party(adminKey, QuicSwarmTest.anyPort(), 100, admin);
    var realm = admin.create("home").id();
    var _ = realms.join(admin.invite(realm, Role.MEMBER, LONG, List.of()), true);
    assertThat(certificates(a, b)).isEqualTo(2);
    assertThat(certificates(a, b)).isZero();

    var _ = admin.revoke(realm, a.swarm.self(), LONG);
    Await.until("cut off", () -> b.swarm.links().isEmpty() && a.swarm.links().isEmpty());
    int before = a.judge.seen.get() + b.judge.seen.get();
    assertThatThrownBy(() -> a.swarm.connectNow(b.swarm.self(), LONG))
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).isEqualTo(TransportCode.REFUSED));
    assertThat(a.judge.seen.get() + b.judge.seen.get())
        .as("in a resumed session")
        .isEqualTo(before);
    assertThat(b.swarm.links()).isEmpty();
  }

  private static Realms realms(KeyPair key) {
    return Realms.inMemory(
        key, new AccessConfig(List.of(), List.of()), () -> Uptime.CLOCK.now().wall());
  }

  private static InetSocketAddress socket(Address address) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), address.port());
  }
}
