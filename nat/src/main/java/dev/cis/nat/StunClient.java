package dev.cis.nat;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.time.Loop;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.BehaviourDiscovery;
import dev.cis.nat.proto.BehaviourDiscovery.Socket;
import dev.cis.nat.proto.Endpoint;
import dev.cis.nat.proto.NatBehaviour;
import dev.cis.nat.proto.StunTransactions.Schedule;
import dev.cis.transport.quic.RawDatagrams;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks STUN servers how the world sees us: from the socket that carries QUIC, or from one of its
 * own while there is none. Blocks; for virtual threads.
 */
public final class StunClient {
  // Two rounds of questions that are not answered take 10 s; a stalled machine some more.
  private static final Duration AT_MOST = Duration.ofSeconds(60);
  private static final int MAILBOX = 256;

  private final @Nullable Datagrams datagrams;
  private final Supplier<Now> clock;

  private StunClient(@Nullable Datagrams datagrams, Supplier<Now> clock) {
    this.datagrams = datagrams;
    this.clock = clock;
  }

  /** Asks from the sockets of a swarm that hands its datagrams to these. */
  public static StunClient of(Datagrams datagrams, Supplier<Now> clock) {
    return new StunClient(datagrams, clock);
  }

  /** Asks from sockets of its own. */
  public static StunClient alone(Supplier<Now> clock) {
    return new StunClient(null, clock);
  }

  /**
   * Finds out how packets to and from the internet are treated. Takes 5 s behind most routers, 10 s
   * at most.
   *
   * @param servers addresses of one family, resolved; of more than {@link
   *     BehaviourDiscovery#MOST_SERVERS} the first
   * @throws Fault {@code nat.no-socket} if no UDP socket can be opened
   */
  public NatBehaviour discover(List<InetSocketAddress> servers, Schedule schedule) {
    var first = servers.stream().limit(BehaviourDiscovery.MOST_SERVERS).toList();
    boolean v6 = !first.isEmpty() && first.getFirst().getAddress() instanceof Inet6Address;
    try (var mapping = socket(v6);
        var filtering = PlainSocket.open(v6)) {
      return discover(first, schedule, mapping, filtering);
    }
  }

  private UdpPort socket(boolean v6) {
    // Through a tunnel the world sees its end and not us.
    if (datagrams != null && !datagrams.routes().isTunnelled()) {
      for (var sender : datagrams.senders()) {
        var ip = sender.local().getAddress();
        if (ip.isAnyLocalAddress() || (ip instanceof Inet6Address) == v6) {
          return new SharedSocket(datagrams, sender);
        }
      }
    }
    return PlainSocket.open(v6);
  }

  private NatBehaviour discover(
      List<InetSocketAddress> servers, Schedule schedule, UdpPort mapping, UdpPort filtering) {
    var machine =
        new BehaviourDiscovery(
            servers.stream().map(Endpoints::of).toList(),
            own(mapping.local()),
            schedule,
            new SecureRandom());
    var found = new CompletableFuture<NatBehaviour>();
    try (var loop =
        new Loop<BehaviourDiscovery.Input, BehaviourDiscovery.Output>(
            "stun",
            machine,
            MAILBOX,
            clock,
            effect -> {
              switch (effect) {
                case BehaviourDiscovery.Send(var by, var datagram, var to) ->
                    (by == Socket.MAPPING ? mapping : filtering)
                        .send(datagram.toByteArray(), Endpoints.socket(to));
                case BehaviourDiscovery.Found(var behaviour) -> found.complete(behaviour);
              }
            })) {
      mapping.receive((datagram, from) -> offer(loop, Socket.MAPPING, datagram, from));
      filtering.receive((datagram, from) -> offer(loop, Socket.FILTERING, datagram, from));
      loop.offer(new BehaviourDiscovery.Start());
      return found.get(AT_MOST.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new Fault(NatCode.NO_SOCKET, "asking STUN servers did not end: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Fault(NatCode.NO_SOCKET, "asking STUN servers was interrupted", e);
    }
  }

  private static void offer(
      Loop<BehaviourDiscovery.Input, BehaviourDiscovery.Output> loop,
      Socket at,
      byte[] datagram,
      InetSocketAddress from) {
    boolean _ =
        loop.offer(new BehaviourDiscovery.Received(at, Bytes.of(datagram), Endpoints.of(from)));
  }

  /** The addresses of this machine at which a socket can be met. */
  private static Set<Endpoint> own(InetSocketAddress local) {
    var own = new HashSet<Endpoint>();
    own.add(Endpoints.of(local));
    if (local.getAddress().isAnyLocalAddress()) {
      try {
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .forEach(ip -> own.add(Endpoints.of(new InetSocketAddress(ip, local.getPort()))));
      } catch (SocketException e) {
        return own; // seen from outside we look translated, which is the careful guess
      }
    }
    return own;
  }

  /** A UDP socket, of our own or shared. */
  interface UdpPort extends AutoCloseable {
    /** What it is bound to. */
    InetSocketAddress local();

    /** Sends one datagram; failure looks like loss. */
    void send(byte[] datagram, InetSocketAddress to);

    /** Hears what comes; once. */
    void receive(Datagrams.StunAnswers receiver);

    @Override
    void close();
  }

  private static final class SharedSocket implements UdpPort {
    private final Datagrams datagrams;
    private final RawDatagrams.Sender sender;
    private Datagrams.@Nullable StunAnswers receiver;

    SharedSocket(Datagrams datagrams, RawDatagrams.Sender sender) {
      this.datagrams = datagrams;
      this.sender = sender;
    }

    @Override
    public InetSocketAddress local() {
      return sender.local();
    }

    @Override
    public void send(byte[] datagram, InetSocketAddress to) {
      sender.send(datagram, to);
    }

    @Override
    public void receive(Datagrams.StunAnswers wanted) {
      receiver = wanted;
      datagrams.hear(wanted);
    }

    @Override
    public void close() {
      if (receiver != null) {
        datagrams.unhear(receiver);
      }
    }
  }
}
