package dev.cis.nat.relay;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.nat.NatCode;
import dev.cis.nat.proto.RelayMessage;
import dev.cis.transport.PeerLink;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One reservation at one relay, renewed at half its time, until the stream breaks. */
final class Reservation {
  private static final Logger LOG = LoggerFactory.getLogger(Reservation.class);
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private final NodeId relay;
  private final Swarm swarm;
  private final Events events;
  private final Thread thread;

  /** Hears what happens at the relay. */
  interface Events {
    /** It holds; the relay sees us at this address. */
    void held(NodeId relay, String seen);

    /** Somebody has a circuit to us. */
    void incoming(NodeId relay, NodeId from, long circuit);

    /** That circuit is no more. */
    void gone(NodeId relay, NodeId from, long circuit);

    /**
     * It is over.
     *
     * @param on when the connection began on which it was, if there was one
     */
    void ended(NodeId relay, String reason, @Nullable Instant on);
  }

  private Reservation(NodeId relay, Swarm swarm, Events events) {
    this.relay = relay;
    this.swarm = swarm;
    this.events = events;
    this.thread = Thread.ofVirtual().name("relay-" + relay.brief()).unstarted(this::run);
  }

  static Reservation begin(NodeId relay, Swarm swarm, Events events) {
    var reservation = new Reservation(relay, swarm, events);
    reservation.thread.start();
    return reservation;
  }

  private void run() {
    var on = swarm.link(relay).map(PeerLink::since).orElse(null);
    try (var stream = swarm.openSystem(relay, RelayService.PROTOCOL, ANSWER)) {
      ask(stream);
      var renewing = new Thread[1];
      try {
        while (true) {
          byte[] bytes = stream.receive(RelayMessage.MAX_BYTES);
          if (bytes == null) {
            throw new Fault(NatCode.RELAY_REFUSED, relay.brief() + " ended the reservation");
          }
          var said = RelayMessage.CODEC.decode(bytes);
          switch (said.kind()) {
            case RESERVED -> {
              var lease = Duration.ofSeconds(Math.max(10, said.seconds()));
              stream.deadline(lease);
              events.held(relay, said.seen());
              if (renewing[0] == null) {
                renewing[0] = renew(stream, lease.dividedBy(2));
              }
            }
            case INCOMING ->
                events.incoming(relay, Objects.requireNonNull(said.node()), said.circuit());
            case GONE -> events.gone(relay, Objects.requireNonNull(said.node()), said.circuit());
            case REFUSED ->
                throw new Fault(
                    NatCode.RELAY_REFUSED, relay.brief() + " refused: " + said.reason());
            case RESERVE, CONNECT, CONNECTED ->
                throw new Fault(
                    NatCode.RELAY_REFUSED, relay.brief() + " said " + said.kind() + " unasked");
          }
        }
      } finally {
        if (renewing[0] != null) {
          renewing[0].interrupt();
        }
      }
    } catch (Fault e) {
      events.ended(relay, String.valueOf(e.getMessage()), on);
    }
  }

  private static void ask(Stream stream) {
    stream.send(RelayMessage.CODEC.encode(RelayMessage.reserve()));
  }

  private Thread renew(Stream stream, Duration every) {
    return Thread.ofVirtual()
        .name("renew-" + relay.brief())
        .start(() -> {
          try {
            while (true) {
              Thread.sleep(every);
              ask(stream);
            }
          } catch (InterruptedException e) {
            LOG.trace("event=renewal-ended relay={}", relay);
          } catch (Fault e) {
            LOG.debug("event=renewal-failed relay={} reason=\"{}\"", relay, e.getMessage());
          }
        });
  }
}
