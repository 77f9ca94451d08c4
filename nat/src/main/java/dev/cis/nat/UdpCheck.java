package dev.cis.nat;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.time.Loop;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.StunMessage;
import dev.cis.nat.proto.StunTransactions;
import dev.cis.nat.proto.StunTransactions.Schedule;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Whether UDP gets out of this network and back in. Blocks; for virtual threads. */
public final class UdpCheck {
  // What the schedule takes is 5 s; a stalled machine takes more.
  private static final Duration AT_MOST = Duration.ofSeconds(30);
  private static final int MAILBOX = 64;

  private UdpCheck() {}

  /**
   * Whether one of these servers answers, asked at 0, 0.5, 1.5 and 3.5 s from a socket of its own;
   * gives up after 5 s.
   *
   * @param servers STUN or TURN servers of one family, resolved
   * @throws Fault {@code nat.no-socket} if no UDP socket can be opened
   */
  public static boolean isHeard(List<InetSocketAddress> servers, Supplier<Now> clock) {
    if (servers.isEmpty()) {
      return false;
    }
    var heard = new CompletableFuture<Boolean>();
    var silent = new AtomicInteger(servers.size());
    boolean v6 = servers.getFirst().getAddress() instanceof Inet6Address;
    try (var socket = PlainSocket.open(v6);
        var loop =
            new Loop<StunTransactions.Input, StunTransactions.Output>(
                "udp-check",
                new StunTransactions(Schedule.BRISK),
                MAILBOX,
                clock,
                output -> {
                  switch (output) {
                    case StunTransactions.Send(var datagram, var to) ->
                        socket.send(datagram.toByteArray(), Endpoints.socket(to));
                    case StunTransactions.Answered _ -> heard.complete(true);
                    case StunTransactions.Silent _ -> {
                      if (silent.decrementAndGet() == 0) {
                        heard.complete(false);
                      }
                    }
                  }
                })) {
      socket.receive((datagram, from) -> {
        boolean _ =
            loop.offer(new StunTransactions.Received(Bytes.of(datagram), Endpoints.of(from)));
      });
      for (int i = 0; i < servers.size(); i++) {
        boolean _ =
            loop.offer(StunTransactions.Ask.of(i, question(), Endpoints.of(servers.get(i))));
      }
      return heard.get(AT_MOST.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new Fault(NatCode.NO_SOCKET, "asking whether UDP works did not end: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Fault(NatCode.NO_SOCKET, "asking whether UDP works was interrupted", e);
    }
  }

  private static Bytes question() {
    var transaction = new byte[12];
    new SecureRandom().nextBytes(transaction);
    return Bytes.of(
        new StunMessage(
                StunMessage.BINDING, StunMessage.Kind.REQUEST, Bytes.of(transaction), List.of())
            .encode(true));
  }
}
