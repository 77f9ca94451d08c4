package dev.cis.gossip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.gossip.proto.GossipFrame;
import dev.cis.gossip.proto.Rumour;
import dev.cis.gossip.proto.RumourId;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.time.Uptime;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.Admission;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.memory.MemoryNetwork;
import dev.cis.transport.realm.AccessConfig;
import dev.cis.transport.realm.Realms;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SwarmGossipTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final String TOPIC = "lab.news.test.v1";

  private final MemoryNetwork network = new MemoryNetwork();
  private final SplittableRandom random = new SplittableRandom(7);
  private final List<Peer> peers = new ArrayList<>();

  /** A node that subscribes to the topic. */
  private final class Peer {
    final KeyPair key = KeyPair.generate(random);
    final Swarm swarm;
    final @Nullable Gossip gossip;
    final BlockingQueue<Gossip.Message> heard = new LinkedBlockingQueue<>();

    Peer(boolean gossips) {
      this(gossips, Admission.OPEN);
    }

    Peer(boolean gossips, Admission admission) {
      var description = new PeerDescription("", new TreeMap<>(), List.of(), List.of());
      swarm =
          network.join(
              key, TransportConfig.DEFAULT, StoredPeerBook.inMemory(), description, admission);
      gossip = gossips ? Gossip.start(key, swarm, GossipConfig.DEFAULT) : null;
      if (gossip != null) {
        gossip.subscribe(TOPIC, heard::add);
      }
      peers.add(this);
    }

    Peer() {
      this(true);
    }

    Gossip gossip() {
      return java.util.Objects.requireNonNull(gossip);
    }

    void connect(Peer other) {
      swarm.connect(other.swarm.localAddresses().getFirst(), LONG);
    }

    Gossip.Message next() throws InterruptedException {
      var message = heard.poll(LONG.toSeconds(), TimeUnit.SECONDS);
      assertThat(message).as("a message within %s", LONG).isNotNull();
      return java.util.Objects.requireNonNull(message);
    }
  }

  @AfterEach
  void close() {
    for (var peer : peers) {
      if (peer.gossip != null) {
        peer.gossip.close();
      }
      peer.swarm.close();
    }
  }

  @Test
  void aMessageCrossesTheMiddleOfALineAndIsHeardOnce() throws Exception {
    var left = new Peer();
    var middle = new Peer();
    var right = new Peer();
    left.connect(middle);
    middle.connect(right);
    var published = publishOnceTaken(left, "hello");
    assertThat(published.peers()).isOne();
    assertThat(left.next().hops()).isZero();
    assertThat(middle.next().hops()).isOne();
    var message = right.next();
    assertThat(message.payload().utf8()).isEqualTo("hello");
    assertThat(message.author()).isEqualTo(left.key.nodeId());
    assertThat(message.hops()).isEqualTo(2);
    left.gossip().publish(TOPIC, Bytes.utf8("end"), Gossip.Options.DEFAULT);
    assertThat(right.next().payload().utf8()).isEqualTo("end");
  }

  @Test
  void whatADeniedNodeWroteIsNotTakenFromSomebodyElseEither() throws Exception {
    var denied = new Peer();
    var middle = new Peer();
    var access = new AccessConfig(List.of(), List.of(denied.key.nodeId().toString()));
    var realms = Realms.inMemory(KeyPair.generate(random), access, () -> Uptime.CLOCK.now().wall());
    realms.enterOpenRealm();
    var strict = new Peer(true, realms);
    denied.connect(middle);
    strict.connect(middle);
    publishOnceTaken(denied, "not for you");
    assertThat(middle.next().payload().utf8()).isEqualTo("not for you");
    publishOnceTaken(middle, "for you");
    // One link carries both in order: the first would have come first.
    assertThat(strict.next().payload().utf8()).isEqualTo("for you");
    assertThat(strict.heard).isEmpty();
  }

  @Test
  void aLonelyNodeHearsItselfAndLaterTellsWhoComes() throws Exception {
    var first = new Peer();
    var published = first.gossip().publish(TOPIC, Bytes.utf8("a"), Gossip.Options.DEFAULT);
    assertThat(published.peers()).isZero();
    assertThat(published.id()).hasSize(32);
    assertThat(first.next().payload().utf8()).isEqualTo("a");
    var second = new Peer();
    second.connect(first);
    assertThat(second.next().payload().utf8()).isEqualTo("a");
  }

  @Test
  void whatWasMissedDuringAPartitionComesAfterIt() throws Exception {
    var left = new Peer();
    var right = new Peer();
    left.connect(right);
    publishOnceTaken(left, "before");
    assertThat(right.next().payload().utf8()).isEqualTo("before");
    network.partition(List.of(right.key.nodeId()));
    left.gossip().publish(TOPIC, Bytes.utf8("during"), Gossip.Options.DEFAULT);
    network.heal();
    left.connect(right);
    assertThat(right.next().payload().utf8()).isEqualTo("during");
  }

  @Test
  void aLargeMessageArrivesWhole() throws Exception {
    var left = new Peer();
    var right = new Peer();
    left.connect(right);
    var payload = new byte[Gossip.MAX_PAYLOAD];
    random.nextBytes(payload);
    left.gossip().publish(TOPIC, Bytes.of(payload), Gossip.Options.DEFAULT);
    assertThat(right.next().payload()).isEqualTo(Bytes.of(payload));
  }

  @Test
  void aPeerThatSendsGarbageOrForgeriesIsCutOffAndTheNodeLivesOn() throws Exception {
    var honest = new Peer();
    var victim = new Peer();
    var hostile = new Peer(false);
    honest.connect(victim);
    hostile.connect(victim);
    var rumour =
        Rumour.sign(
            hostile.key, RumourId.sequenceAt(Uptime.CLOCK.now().wall()), TOPIC, Bytes.EMPTY, 8, 1);
    var fine = GossipFrame.codec(Rumour::verified).encode(new GossipFrame.Push(rumour, 1));
    var forgery = fine.clone();
    forgery[forgery.length - 4] ^= 1; // the end of the signature; two bytes of hops follow
    for (var bad : List.of(new byte[] {1, 2, 3}, forgery, new byte[GossipFrame.MAX_FRAME + 1])) {
      var stream = hostile.swarm.open(victim.key.nodeId(), SwarmGossip.PROTOCOL, LONG);
      assertThatThrownBy(
              () -> {
                stream.send(bad); // may fail already: the victim stops reading
                stream.receive(1_024);
                stream.receive(1_024);
              })
          .isInstanceOf(Fault.class);
    }
    publishOnceTaken(honest, "alive");
    assertThat(victim.next().payload().utf8()).isEqualTo("alive");
  }

  @Test
  void aSlowSubscriberLosesItsOwnMessagesAndNobodyElses() throws Exception {
    var peer = new Peer();
    var gate = new CountDownLatch(1);
    var last = new CountDownLatch(1);
    var slow =
        peer.gossip()
            .subscribe(
                TOPIC,
                message -> {
                  try {
                    gate.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                  last.countDown();
                });
    for (int i = 0; i < 1_100; i++) {
      peer.gossip().publish(TOPIC, Bytes.utf8("m" + i), Gossip.Options.DEFAULT);
    }
    for (int i = 0; i < 1_100; i++) {
      assertThat(peer.next().payload().utf8()).isEqualTo("m" + i);
    }
    assertThat(slow.dropped()).isBetween(75L, 76L);
    gate.countDown();
    assertThat(last.await(30, TimeUnit.SECONDS)).isTrue();
    slow.close();
  }

  @Test
  void aSubscriberThatThrowsHearsTheNextMessage() throws Exception {
    var peer = new Peer();
    var heard = new LinkedBlockingQueue<String>();
    peer.gossip()
        .subscribe(
            TOPIC,
            message -> {
              heard.add(message.payload().utf8());
              throw new IllegalStateException("on purpose");
            });
    peer.gossip().publish(TOPIC, Bytes.utf8("1"), Gossip.Options.DEFAULT);
    peer.gossip().publish(TOPIC, Bytes.utf8("2"), Gossip.Options.DEFAULT);
    assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo("1");
    assertThat(heard.poll(30, TimeUnit.SECONDS)).isEqualTo("2");
  }

  @Test
  void nonsenseIsRefusedWithACode() {
    var gossip = new Peer().gossip();
    var tooMuch = Bytes.of(new byte[Gossip.MAX_PAYLOAD + 1]);
    refused(() -> gossip.publish("", Bytes.EMPTY, Gossip.Options.DEFAULT));
    refused(() -> gossip.publish(TOPIC, tooMuch, Gossip.Options.DEFAULT));
    refused(() -> gossip.publish(TOPIC, Bytes.EMPTY, new Gossip.Options(-1, 1)));
    refused(() -> gossip.publish(TOPIC, Bytes.EMPTY, new Gossip.Options(8, 0)));
    refused(() -> gossip.subscribe("x".repeat(129), message -> {}));
  }

  @Test
  void aClosedNodeSaysSo() {
    var gossip = new Peer().gossip();
    gossip.close();
    assertThatThrownBy(() -> gossip.publish(TOPIC, Bytes.EMPTY, Gossip.Options.DEFAULT))
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).isEqualTo(GossipCode.CLOSED));
  }

  @Test
  void aFastPeerIsReadAtThePace() {
    var nanos = new long[1];
    var pace = new Pace(1_000, () -> nanos[0]);
    for (int i = 0; i < 2_000; i++) {
      assertThat(pace.take()).isZero();
    }
    assertThat(pace.take()).isEqualTo(1_000_000);
    nanos[0] += TimeUnit.SECONDS.toNanos(1);
    assertThat(pace.take()).isZero();
  }

  private static void refused(Runnable action) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).isEqualTo(GossipCode.BAD_MESSAGE));
  }

  /** Publishes until a neighbour takes it: gossip hears of a new peer a moment after connecting. */
  private static Gossip.Published publishOnceTaken(Peer peer, String what) {
    long until = System.nanoTime() + LONG.toNanos();
    var warmUp = Gossip.Options.DEFAULT;
    while (peer.gossip().publish("warm-up", Bytes.EMPTY, warmUp).peers() == 0) {
      assertThat(System.nanoTime()).as("a neighbour within %s", LONG).isLessThan(until);
      LockSupport.parkNanos(1_000_000);
    }
    return peer.gossip().publish(TOPIC, Bytes.utf8(what), Gossip.Options.DEFAULT);
  }
}
