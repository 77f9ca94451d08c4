package dev.cis.nat.punch;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Loop;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.Datagrams;
import dev.cis.nat.Endpoints;
import dev.cis.nat.proto.Endpoint;
import dev.cis.nat.proto.PunchInput;
import dev.cis.nat.proto.PunchMachine;
import dev.cis.nat.proto.PunchMessage;
import dev.cis.nat.proto.PunchOutput;
import dev.cis.nat.proto.PunchTimes;
import dev.cis.transport.quic.Routes;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** One search for a direct path to one peer, and the care for what it found. */
final class Session implements AutoCloseable {
  private static final int MAILBOX = 256;
  private static final int MAX_WAYS = 64;

  private final NodeId peer;
  private final long id;
  private final Bytes key;
  private final boolean offerer;
  private final Datagrams datagrams;
  private final Events events;
  private final Set<Routes.Direct> ways = new HashSet<>();
  private final Loop<PunchInput, PunchOutput> loop;
  private boolean closed;

  /** Hears what a session comes to; must not block. */
  interface Events {
    /** A direct path works. */
    void found(Session session, PunchOutput.Use path);

    /** It does not any more. */
    void lost(Session session, Endpoint path);

    /** There is none. */
    void failed(Session session, String reason);
  }

  Session(
      NodeId peer,
      PunchMessage.Offer offer,
      boolean offerer,
      Datagrams datagrams,
      SecureRandom random,
      Supplier<Now> clock,
      Events events) {
    this.peer = peer;
    this.id = offer.session();
    this.key = offer.key();
    this.offerer = offerer;
    this.datagrams = datagrams;
    this.events = events;
    this.loop =
        new Loop<>(
            "punch-" + peer.brief(),
            new PunchMachine(PunchTimes.DEFAULT, random::nextLong),
            MAILBOX,
            clock,
            this::effect);
  }

  NodeId peer() {
    return peer;
  }

  long id() {
    return id;
  }

  /** Begins to probe. */
  void round(List<Endpoint> candidates) {
    boolean _ = loop.offer(new PunchInput.Round(candidates));
  }

  /** Nothing answers what is sent by the path in use: probes it now. */
  void doubt() {
    boolean _ = loop.offer(new PunchInput.Doubted());
  }

  /** A datagram that looks like a probe of this session. */
  void received(byte[] datagram, InetSocketAddress from) {
    PunchMessage.decode(datagram, key)
        .filter(probe -> probe.byOfferer() != offerer)
        .ifPresent(probe -> {
          var at = Endpoints.of(from);
          datagrams.routes().heard(peer, from);
          boolean _ =
              loop.offer(
                  probe.isAnswer()
                      ? new PunchInput.Answered(at, probe.transaction())
                      : new PunchInput.Asked(at, probe.transaction()));
        });
  }

  private void effect(PunchOutput output) {
    switch (output) {
      case PunchOutput.Ask(var to, var transaction) -> send(to, false, transaction);
      case PunchOutput.Answer(var to, var transaction) -> send(to, true, transaction);
      case PunchOutput.Admit(var from) -> admit(from);
      case PunchOutput.Use use -> events.found(this, use);
      case PunchOutput.Lost(var path) -> events.lost(this, path);
      case PunchOutput.Failed(var tried) -> events.failed(this, reason(tried));
    }
  }

  private static String reason(List<Endpoint> tried) {
    return tried.isEmpty()
        ? "the peer has no address to try"
        : "no answer from " + tried.stream().map(Endpoints::text).collect(Collectors.joining(", "));
  }

  private synchronized void admit(Endpoint from) {
    var way = new Routes.Direct(Endpoints.socket(from));
    if (!closed && ways.size() < MAX_WAYS && ways.add(way)) {
      datagrams.routes().admit(peer, way);
    }
  }

  private void send(Endpoint to, boolean isAnswer, long transaction) {
    var probe = new PunchMessage.Probe(isAnswer, offerer, id, transaction);
    datagrams.send(null, PunchMessage.encode(probe, key), Endpoints.socket(to));
  }

  /** Admits nothing any more: the ways that it had admitted may be those of the next session. */
  synchronized void retire() {
    closed = true;
    ways.forEach(datagrams.routes()::dismiss);
    ways.clear();
  }

  @Override
  public void close() {
    retire();
    loop.close();
  }
}
