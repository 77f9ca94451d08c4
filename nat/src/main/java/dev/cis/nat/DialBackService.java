package dev.cis.nat;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.DialBackMessage;
import dev.cis.nat.proto.DialBackMessage.Outcome;
import dev.cis.nat.proto.Rates;
import dev.cis.transport.Address;
import dev.cis.transport.Link;
import dev.cis.transport.PeerLink;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a datagram to whoever wants to know whether one gets there that it did not ask its router
 * for. It comes from a port of its own, to which the asker has never sent anything. It goes to the
 * address from which the asker's connection comes, whatever the question says, so nobody else can
 * be made its target; and the question is larger than all that comes of it.
 */
public final class DialBackService implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DialBackService.class);
  private static final Duration WITHIN = Duration.ofSeconds(10);
  private static final Duration BETWEEN_COPIES = Duration.ofMillis(200);
  private static final int REMEMBERED = 65_536;
  private static final int NETWORK_FACTOR = 5;
  private static final double MINUTE = 60;

  private final Swarm swarm;
  private final Supplier<Now> clock;
  private final DatagramChannel socket;
  private final Rates<NodeId> perPeer;
  private final Rates<String> perNetwork;
  private final Rates<String> together;
  private final Swarm.Registration registration;

  private DialBackService(
      Swarm swarm, AnchorConfig config, Supplier<Now> clock, DatagramChannel socket) {
    this.swarm = swarm;
    this.clock = clock;
    this.socket = socket;
    int each = config.dialBackPerPeer();
    this.perPeer = new Rates<>(each / MINUTE, each, REMEMBERED);
    this.perNetwork =
        new Rates<>(NETWORK_FACTOR * each / MINUTE, NETWORK_FACTOR * each, REMEMBERED);
    this.together = new Rates<>(config.dialBackRate(), config.dialBackRate(), 1);
    this.registration = swarm.handleSystem(DialBack.PROTOCOL, this::serve);
  }

  /**
   * Serves every linked peer, members and strangers.
   *
   * @throws Fault {@code nat.no-socket}
   */
  public static DialBackService start(Swarm swarm, AnchorConfig config, Supplier<Now> clock) {
    try {
      var socket = DatagramChannel.open();
      socket.bind(new InetSocketAddress(0));
      return new DialBackService(swarm, config, clock, socket);
    } catch (IOException e) {
      throw new Fault(NatCode.NO_SOCKET, "cannot open a UDP socket for dial-back: " + e, e);
    }
  }

  private void serve(Stream stream) {
    stream.deadline(WITHIN);
    byte[] bytes = stream.receive(DialBackMessage.MAX_BYTES);
    if (bytes == null || bytes.length < DialBackMessage.MIN_QUESTION) {
      throw new Fault(
          NatCode.BAD_QUESTION,
          "a question for dial-back has at least " + DialBackMessage.MIN_QUESTION + " bytes");
    }
    var question = DialBackMessage.QUESTION.decode(bytes);
    var target =
        swarm
            .link(stream.peer())
            .flatMap(DialBackService::whereItIs)
            .map(remote -> new Address(remote.host(), question.port()));
    if (target.isEmpty()) {
      answer(stream, Outcome.IMPOSSIBLE, "");
    } else if (!isDue(stream.peer(), target.get())) {
      answer(stream, Outcome.TOO_OFTEN, target.get().toString());
    } else {
      boolean sent = send(question.nonce(), target.get());
      answer(stream, sent ? Outcome.SENT : Outcome.IMPOSSIBLE, target.get().toString());
    }
  }

  /**
   * Empty if a relay is between: what we see then is the relay's address. The path may change while
   * we look, so the address counts only if it is the same before and after.
   */
  private static Optional<Address> whereItIs(PeerLink link) {
    var remote = link.remote();
    return link.path().equals(Link.DIRECT) && link.remote().equals(remote)
        ? Optional.of(remote)
        : Optional.empty();
  }

  private static void answer(Stream stream, Outcome outcome, String seen) {
    stream.send(DialBackMessage.ANSWER.encode(new DialBackMessage.Answer(outcome, seen)));
    stream.finish();
  }

  private synchronized boolean isDue(NodeId peer, Address target) {
    var uptime = clock.get().uptime();
    return perPeer.take(peer, uptime)
        && perNetwork.take(target.subnet(), uptime)
        && together.take("all", uptime);
  }

  private boolean send(Bytes nonce, Address to) {
    try {
      var target = new InetSocketAddress(InetAddress.ofLiteral(to.host()), to.port());
      byte[] datagram = DialBackMessage.probe(nonce);
      int _ = socket.send(ByteBuffer.wrap(datagram), target);
      Thread.ofVirtual().name("dial-back").start(() -> repeat(datagram, target));
      return true;
    } catch (IOException | IllegalArgumentException e) {
      LOG.debug("event=dial-back-impossible target={} reason=\"{}\"", to, e.toString());
      return false;
    }
  }

  private void repeat(byte[] datagram, InetSocketAddress target) {
    try {
      for (int i = 1; i < DialBackMessage.COPIES; i++) {
        Thread.sleep(BETWEEN_COPIES);
        int _ = socket.send(ByteBuffer.wrap(datagram), target);
      }
    } catch (InterruptedException | IOException e) {
      LOG.debug("event=dial-back-ended target={} reason=\"{}\"", target, e.toString());
    }
  }

  @Override
  public void close() {
    registration.close();
    try {
      socket.close();
    } catch (IOException e) {
      LOG.debug("event=dial-back-close-failed", e);
    }
  }
}
