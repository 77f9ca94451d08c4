package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/** Opens streams to peers, dialling them where needed; among them those that pings travel on. */
final class Opener {
  static final ProtocolId PING = ProtocolId.parse("/cis/sys/ping/1.0");
  private static final int PING_BYTES = 8;

  private final TransportConfig config;
  private final Handlers handlers;
  private final Peers peers;
  private final Connector connector;
  private final Dialler dialler;

  Opener(
      TransportConfig config,
      Handlers handlers,
      Peers peers,
      Connector connector,
      Dialler dialler) {
    this.config = config;
    this.handlers = handlers;
    this.peers = peers;
    this.connector = connector;
    this.dialler = dialler;
  }

  Stream open(NodeId node, Handlers.Where where, ProtocolId protocol, Duration deadline) {
    var realm = where instanceof Handlers.Where.In(var named) ? named : "";
    var until = Deadline.in(deadline);
    try {
      while (true) {
        var live = connector.connected(node, until, false);
        try {
          if (where instanceof Handlers.Where.In && !handlers.admits(live, realm)) {
            throw Handlers.notProved(node, protocol);
          }
          return opened(live, protocol, realm, until);
        } catch (Fault e) {
          // The link may have been replaced or lost since it was looked up: then there is another.
          if (e.code() != TransportCode.CONNECTION_LOST || until.isOver()) {
            throw e;
          }
          boolean _ = connector.ended(live, "lost");
        }
      }
    } catch (InterruptedException e) {
      throw Connector.interrupted("opening " + protocol + " to " + node.brief());
    }
  }

  private Stream opened(Live live, ProtocolId protocol, String realm, Deadline until)
      throws InterruptedException {
    var header = dialler.header(protocol, realm, until.remaining());
    if (handlers.compresses(protocol)) {
      header = header.inBlocks();
    }
    var stream = FramedStream.opened(live.link.open(), live, header, config.limits().maxFrame());
    stream.deadline(until.remaining());
    return stream;
  }

  /** Pings a peer, dialling it where needed. */
  Duration ping(NodeId node, Duration within) {
    try (var stream = open(node, new Handlers.Where.Everywhere(), PING, within)) {
      var rtt = thereAndBack(stream);
      var live = peers.live(node);
      if (live != null) {
        live.measured(rtt);
      }
      return rtt;
    }
  }

  /** Pings on this link. */
  void ping(Live live, Duration within) {
    try (var stream = opened(live, PING, "", Deadline.in(within))) {
      live.measured(thereAndBack(stream));
    } catch (InterruptedException e) {
      throw Connector.interrupted("probing " + live.peer().brief());
    }
  }

  private static Duration thereAndBack(Stream stream) {
    byte[] sent = new byte[PING_BYTES];
    ThreadLocalRandom.current().nextBytes(sent);
    var begun = Uptime.CLOCK.now().uptime();
    stream.write(ByteBuffer.wrap(sent));
    stream.finish();
    var got = ByteBuffer.allocate(PING_BYTES);
    while (got.hasRemaining() && stream.read(got) >= 0) {}
    if (!Arrays.equals(sent, got.array())) {
      throw new Fault(
          TransportCode.STREAM_RESET, stream.peer().brief() + " answered a ping with other bytes");
    }
    return Uptime.CLOCK.now().uptime().minus(begun);
  }

  /** The other end of a ping. */
  static void echo(FramedStream stream) {
    var bytes = ByteBuffer.allocate(PING_BYTES);
    while (bytes.hasRemaining() && stream.read(bytes) >= 0) {}
    stream.write(bytes.flip());
  }
}
