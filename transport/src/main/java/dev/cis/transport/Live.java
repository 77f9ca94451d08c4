package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A link and what the swarm knows of it. */
final class Live {
  final Link link;
  final Instant since = Uptime.CLOCK.now().wall();
  final Duration begun = Uptime.CLOCK.now().uptime();

  /** Completes true when the link is the one to its peer, false when it never will be. */
  final CompletableFuture<Boolean> adopted = new CompletableFuture<>();

  /** Sends a message on the stream of greetings, from any thread. */
  interface Control {
    void send(byte[] message);
  }

  private final AtomicInteger streams = new AtomicInteger();
  private final Rate accepted = new Rate();
  private volatile @Nullable Traffic traffic;
  private volatile @Nullable Scope scope;
  private volatile @Nullable Counters counters;
  private volatile long sentBefore;
  private volatile long receivedBefore;
  private volatile Duration lastUse = begun;
  private volatile @Nullable Duration measured;
  private volatile @Nullable String ended;

  /** Our address as the peer sees it. */
  volatile @Nullable Address observed;

  /** The realms that both sides proved on this link, less those that were left since. */
  volatile Set<String> realms = Set.of();

  /** The stream of greetings, once it is there. */
  volatile @Nullable Control control;

  private volatile @Nullable Supplier<LinkCalls> maker;
  private @Nullable LinkCalls calls;

  Live(Link link) {
    this.link = link;
  }

  /** Says how the calls on this link are made; before anything is opened or accepted on it. */
  void callsBy(Supplier<LinkCalls> how) {
    maker = how;
  }

  /** The calls on this link; made when there is a first one. */
  LinkCalls calls() {
    synchronized (this) {
      if (calls == null) {
        calls = Objects.requireNonNull(maker).get();
        var reason = ended;
        if (reason != null) {
          calls.lost(reason);
        }
      }
      return calls;
    }
  }

  NodeId peer() {
    return link.peer();
  }

  void streamOpened(boolean opener) {
    streams.incrementAndGet();
    Objects.requireNonNull(counters).stream(opener);
    lastUse = Uptime.CLOCK.now().uptime();
  }

  void streamClosed() {
    streams.decrementAndGet();
    lastUse = Uptime.CLOCK.now().uptime();
  }

  /** When a stream was last opened or closed. */
  Duration lastUse() {
    return lastUse;
  }

  /** Open streams without that of the greetings. */
  int openStreams() {
    return Math.max(0, streams.get() - (control == null ? 0 : 1));
  }

  /** Counts a stream that the peer opens; the answer is how many it has opened this second. */
  int accepting() {
    return accepted.count(Uptime.CLOCK.now().uptime());
  }

  /** How many streams the peer has opened this second. */
  int accepted() {
    return accepted.current(Uptime.CLOCK.now().uptime());
  }

  /** Counts what travels on the link. Called once, before there are streams. */
  void meter(Traffic counting, Counters also) {
    counters = also;
    var peer = counting.enter(peer());
    traffic = counting;
    sentBefore = peer.out.meter().total();
    receivedBefore = peer.in.meter().total();
    scope = peer;
  }

  /** The link has ended. */
  void unmeter() {
    var peer = scope;
    if (peer != null) {
      peer.users.decrementAndGet();
    }
  }

  /** What a stream on this link counts in; its protocol may be unknown yet. */
  Flow flow(@Nullable ProtocolId protocol) {
    return Objects.requireNonNull(traffic).flow(Objects.requireNonNull(scope), protocol);
  }

  /** Counts a stream that we refuse. */
  void streamRefused() {
    Objects.requireNonNull(counters).refused();
  }

  /** Counts a stream whose header is read for its protocol. */
  void settle(Flow flow, ProtocolId protocol) {
    flow.settle(Objects.requireNonNull(traffic).protocol(protocol.path()));
  }

  /** Smooths as RFC 9002 section 5.3 does: 7/8 old, 1/8 new. */
  void measured(Duration rtt) {
    var before = measured;
    measured = before == null ? rtt : before.multipliedBy(7).plus(rtt).dividedBy(8);
  }

  /** Notes the end; false if it was known. */
  boolean markEnded(String reason) {
    if (ended != null) {
      return false;
    }
    LinkCalls lost;
    synchronized (this) {
      ended = reason;
      lost = calls;
    }
    if (lost != null) {
      lost.lost(reason);
    }
    return true;
  }

  /** Why the link ended, null while it lives. */
  @Nullable String endReason() {
    return ended;
  }

  PeerLink look() {
    var rtt = link.rtt();
    var counted = scope;
    return new PeerLink(
        peer(),
        link.outbound(),
        link.remote(),
        link.path(),
        since,
        rtt == null ? measured : rtt,
        openStreams(),
        counted == null ? 0 : counted.out.meter().total() - sentBefore,
        counted == null ? 0 : counted.in.meter().total() - receivedBefore,
        realms,
        observed);
  }
}
