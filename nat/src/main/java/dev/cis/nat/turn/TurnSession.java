package dev.cis.nat.turn;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.time.Loop;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.Endpoints;
import dev.cis.nat.NatCode;
import dev.cis.nat.proto.TurnClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a {@link TurnClient} over a socket. */
final class TurnSession implements TurnAllocation {
  private static final Logger LOG = LoggerFactory.getLogger(TurnSession.class);
  private static final Duration GOODBYE = Duration.ofSeconds(2);
  private static final int MAILBOX = 2_048;

  private final TurnServer server;
  private final Receiver receiver;
  private final ServerPort port;
  private final Loop<TurnClient.Input, TurnClient.Output> loop;
  private final CompletableFuture<InetSocketAddress> allocated = new CompletableFuture<>();
  private final CompletableFuture<Fault> ended = new CompletableFuture<>();
  private volatile boolean closing;

  private TurnSession(TurnServer server, Receiver receiver, ServerPort port, Supplier<Now> clock) {
    this.server = server;
    this.receiver = receiver;
    this.port = port;
    var account =
        new TurnClient.Account(
            Endpoints.of(server.address()),
            server.transport() == TurnServer.Transport.TCP,
            server.user(),
            server.password());
    this.loop =
        new Loop<>(
            "turn", new TurnClient(account, new SecureRandom()), MAILBOX, clock, this::effect);
  }

  static TurnSession open(
      TurnServer server, Receiver receiver, Supplier<Now> clock, Duration within) {
    var session = new TurnSession(server, receiver, ServerPort.open(server, within), clock);
    try {
      session.port.read(session::arrived, session::brokenOff);
      session.loop.put(new TurnClient.Open());
      var _ = session.allocated.get(within.toNanos(), TimeUnit.NANOSECONDS);
      return session;
    } catch (ExecutionException e) {
      session.closing = true;
      session.release();
      throw e.getCause() instanceof Fault fault ? fault : session.unreachable(e.toString());
    } catch (TimeoutException e) {
      session.close();
      throw session.unreachable("no answer within " + within);
    } catch (InterruptedException e) {
      session.closing = true;
      session.release();
      Thread.currentThread().interrupt();
      throw session.unreachable("interrupted");
    }
  }

  private Fault unreachable(String why) {
    return new Fault(NatCode.TURN_UNREACHABLE, server + ": " + why);
  }

  private void arrived(Bytes message) {
    boolean _ = loop.offer(new TurnClient.FromServer(message)); // full: as good as lost
  }

  /** The socket is of no use any more; what came before that is heard first. */
  private void brokenOff(String why) {
    try {
      loop.inspect(() -> end(unreachable(why)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void effect(TurnClient.Output output) {
    switch (output) {
      case TurnClient.ToServer(var message) -> {
        try {
          port.write(message);
        } catch (IOException e) {
          // Over UDP the next message may get through; over TCP the reader sees the end as well.
          LOG.debug("event=turn-not-sent server={} reason=\"{}\"", server, e.toString());
        }
      }
      case TurnClient.Allocated(var relayed, _) -> {
        LOG.info("event=turn-allocated server={} relayed={}", server, Endpoints.text(relayed));
        allocated.complete(Endpoints.socket(relayed));
      }
      case TurnClient.FromPeer(var peer, var datagram) ->
          receiver.received(Endpoints.socket(peer), datagram.toByteArray());
      case TurnClient.PeerRefused(var peer, var why) ->
          receiver.refused(Endpoints.socket(peer), why);
      case TurnClient.Ended(var code, var why) ->
          end(code == 0 ? unreachable(why) : new Fault(NatCode.TURN_REFUSED, server + ": " + why));
    }
  }

  private void end(Fault reason) {
    if (!ended.complete(reason)) {
      return;
    }
    boolean wasOpen = !allocated.completeExceptionally(reason);
    if (wasOpen && !closing) {
      LOG.info("event=turn-lost server={} reason=\"{}\"", server, reason.getMessage());
      receiver.lost(reason);
      Thread.ofVirtual().name("turn-release").start(this::release);
    }
  }

  @Override
  public InetSocketAddress relayed() {
    return Objects.requireNonNull(allocated.getNow(null));
  }

  @Override
  public void send(InetSocketAddress peer, ByteBuffer datagram) {
    var bytes = new byte[datagram.remaining()];
    datagram.get(datagram.position(), bytes);
    boolean _ = loop.offer(new TurnClient.ToPeer(Endpoints.of(peer), Bytes.of(bytes)));
  }

  @Override
  public void close() {
    closing = true;
    if (loop.offer(new TurnClient.Close())) {
      awaitEnd(ended);
    }
    release();
  }

  private static void awaitEnd(CompletableFuture<Fault> end) {
    try {
      var _ = end.get(GOODBYE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException e) {
      LOG.debug("event=turn-not-given-back reason=\"{}\"", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void release() {
    loop.close();
    try {
      port.close();
    } catch (IOException e) {
      LOG.debug("event=turn-not-closed", e);
    }
  }
}
