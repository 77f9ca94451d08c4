package dev.cis.nat;

import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.DialBackMessage;
import dev.cis.nat.proto.Endpoint;
import dev.cis.nat.proto.PunchMessage;
import dev.cis.nat.proto.StunMessage;
import dev.cis.nat.proto.StunServer;
import dev.cis.transport.quic.RawDatagrams;
import dev.cis.transport.quic.Routes;
import dev.cis.transport.quic.Tunnel;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The datagrams on a node's QUIC port that are not QUIC: questions for STUN, which an anchor
 * answers, and those that we have asked others to send. Everything else is dropped.
 */
public final class Datagrams implements RawDatagrams, AutoCloseable {
  private static final int REMEMBERED_NETWORKS = 65_536;
  private static final int MOST_EXPECTED = 64;

  private final @Nullable StunServer stun; // one event loop calls it
  private final Supplier<Now> clock;
  private final Map<Bytes, CompletableFuture<InetSocketAddress>> expected =
      new ConcurrentHashMap<>();

  private final List<Sender> senders = new CopyOnWriteArrayList<>();
  private final List<StunAnswers> listeners = new CopyOnWriteArrayList<>();

  /** Hears the answers of STUN servers; must not block. */
  @FunctionalInterface
  interface StunAnswers {
    /** An answer to somebody's question. */
    void received(byte[] datagram, InetSocketAddress from);
  }

  private final Routes routes = new Routes();
  private volatile @Nullable Taker relay;
  private volatile @Nullable Taker probes;

  /** Takes datagrams of one kind; must not block. */
  @FunctionalInterface
  public interface Taker {
    /** One has come. */
    void take(Sender by, byte[] datagram, InetSocketAddress from);
  }

  private Datagrams(@Nullable StunServer stun, Supplier<Now> clock) {
    this.stun = stun;
    this.clock = clock;
  }

  /** For a node that answers nobody. */
  public static Datagrams ofNode(Supplier<Now> clock) {
    return new Datagrams(null, clock);
  }

  /** For an anchor. */
  public static Datagrams ofAnchor(AnchorConfig config, Supplier<Now> clock) {
    return new Datagrams(
        config.stun() ? new StunServer(config.stunRate(), REMEMBERED_NETWORKS) : null, clock);
  }

  @Override
  public void bound(Sender sender) {
    senders.add(sender);
  }

  @Override
  public Routes routes() {
    return routes;
  }

  /** Gives datagrams of circuits that do not end here to this relay; null: drops them. */
  public void relay(@Nullable Taker forwarding) {
    relay = forwarding;
  }

  /** Gives the probes of peers to this. */
  public void probes(@Nullable Taker punching) {
    probes = punching;
  }

  /** Sends by a socket of the family of the target, by the preferred one if it fits. */
  public void send(@Nullable Sender preferred, byte[] datagram, InetSocketAddress to) {
    if (preferred != null && reaches(preferred, to)) {
      preferred.send(datagram, to);
      return;
    }
    senders.stream()
        .filter(sender -> reaches(sender, to))
        .findFirst()
        .ifPresent(sender -> sender.send(datagram, to));
  }

  private static boolean reaches(Sender sender, InetSocketAddress to) {
    var here = sender.local().getAddress();
    boolean sixThere = to.getAddress() instanceof Inet6Address;
    return here.isAnyLocalAddress() || (here instanceof Inet6Address) == sixThere;
  }

  /** Takes what came through a tunnel as if it had come at a socket of the sender's family. */
  public void arrived(byte[] datagram, InetSocketAddress from) {
    senders.stream()
        .filter(sender -> reaches(sender, from))
        .findFirst()
        .ifPresent(sender -> sender.arrived(datagram, from));
  }

  @Override
  public void received(Sender by, byte[] datagram, InetSocketAddress from) {
    if (datagram[0] == Routes.RELAYED) {
      var forwarding = relay;
      if (forwarding != null) {
        forwarding.take(by, datagram, from);
      }
      return;
    }
    if (PunchMessage.looksLike(datagram)) {
      var punching = probes;
      if (punching != null) {
        punching.take(by, datagram, from);
      }
      return;
    }
    if (StunMessage.looksLike(datagram) && StunMessage.isAnswer(datagram)) {
      listeners.forEach(listener -> listener.received(datagram, from));
      return;
    }
    if (StunMessage.looksLike(datagram)) {
      if (stun != null) {
        var asker = new Endpoint(Bytes.of(from.getAddress().getAddress()), from.getPort());
        stun.answer(clock.get().uptime(), datagram, asker)
            .ifPresent(answer -> by.send(answer, from));
      }
      return;
    }
    DialBackMessage.nonce(datagram).map(expected::get).ifPresent(waiting -> waiting.complete(from));
  }

  /** Closes the tunnel, if there is one: after the swarm, whose goodbyes go through it. */
  @Override
  public void close() {
    routes.tunnel().ifPresent(Tunnel::close);
  }

  /** The sockets that carry QUIC. */
  List<Sender> senders() {
    return List.copyOf(senders);
  }

  /** Hears every STUN answer from now on. */
  void hear(StunAnswers listener) {
    listeners.add(listener);
  }

  /** Hears none from now on. */
  void unhear(StunAnswers listener) {
    listeners.remove(listener);
  }

  /** Completed with the sender when the datagram with this nonce comes; to be forgotten. */
  CompletableFuture<InetSocketAddress> expect(Bytes nonce) {
    var arrival = new CompletableFuture<InetSocketAddress>();
    if (expected.size() < MOST_EXPECTED) {
      expected.put(nonce, arrival);
    }
    return arrival;
  }

  void forget(Bytes nonce) {
    expected.remove(nonce);
  }
}
