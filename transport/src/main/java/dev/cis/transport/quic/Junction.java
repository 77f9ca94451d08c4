package dev.cis.transport.quic;

import dev.cis.transport.quic.Routes.Direct;
import dev.cis.transport.quic.Routes.Relayed;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.SegmentedDatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where the sockets of a node meet: connections with virtual addresses live on the codecs of the
 * first socket, while their datagrams leave and arrive by whichever socket the route of the moment
 * needs. All on the one event loop.
 */
final class Junction {
  // RFC 9000 section 17.2: a long header of type Initial.
  private static final int LONG_TYPE = 0xF0;
  private static final int INITIAL = 0xC0;

  // A relayed datagram crosses the lines of both ends and of the relay, each of which may lose it.
  // So the first ones of a connection are sent twice: what was lost of them would be missed only
  // after QUIC's first timeouts, which are long.
  private static final int SENT_TWICE = 32;
  private static final long TWICE_AFTER_MILLIS = 15;
  private static final int MAX_BEGUN = 1_024;
  private static final int MAX_TWICE_BYTES = 4 * Routes.MAX_PACKET;

  private final Routes routes;
  private final List<Exit> exits = new ArrayList<>();
  private final Map<InetAddress, Integer> twice =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<InetAddress, Integer> eldest) {
          return size() > MAX_BEGUN;
        }
      };

  private record Exit(Channel channel, Demultiplexer demultiplexer, Reach reach) {
    InetSocketAddress local() {
      return (InetSocketAddress) channel.localAddress();
    }
  }

  /** Which addresses a socket can send to. */
  @FunctionalInterface
  interface Reach {
    boolean reaches(InetSocketAddress to);
  }

  Junction(Routes routes) {
    this.routes = routes;
  }

  Routes routes() {
    return routes;
  }

  void add(Channel channel, Demultiplexer demultiplexer, Reach reach) {
    channel.eventLoop().execute(() -> exits.add(new Exit(channel, demultiplexer, reach)));
  }

  /** Takes a relayed datagram if its circuit ends here; else the caller keeps it. */
  boolean relayed(DatagramPacket packet) throws Exception {
    var content = packet.content();
    if (routes.isEmpty() || content.readableBytes() <= Routes.HEAD) {
      return false;
    }
    long circuit = content.getLong(content.readerIndex() + 1);
    var way = new Relayed(packet.sender(), circuit);
    var from = routes.arriving(way);
    if (from == null) {
      return false;
    }
    var leaving = routes.leaving(from.getAddress());
    if (leaving != null) {
      leaving.heardBy(way);
    }
    content.skipBytes(Routes.HEAD);
    // The codec reads from index 0 of what it gets.
    var inner = content.readRetainedSlice(content.readableBytes());
    packet.release();
    var id = Demultiplexer.destination(inner);
    if (id == null) {
      inner.release();
    } else {
      deliver(id, inner, from);
    }
    return true;
  }

  /**
   * Takes a QUIC packet that came straight from a peer, if its connection has a virtual address. An
   * Initial opens a connection of its own, whoever it comes from: connections to virtual addresses
   * are opened through relays.
   */
  boolean direct(Codecs here, ByteBuffer id, int first, DatagramPacket packet) throws Exception {
    if (routes.isEmpty() || exits.isEmpty()) {
      return false;
    }
    var codecs = exits.getFirst().demultiplexer.codecs();
    var dialled = codecs == null ? null : codecs.dialledTo(id);
    if (dialled != null) {
      if (!Routes.isVirtual(dialled.getAddress())) {
        return false;
      }
      heard(dialled);
      deliver(id, packet.content(), dialled);
      return true;
    }
    if ((first & LONG_TYPE) == INITIAL || !MarkedIds.isVirtual(id) || here.dialledTo(id) != null) {
      return false;
    }
    var from = routes.arriving(new Direct(packet.sender()));
    if (from == null) {
      return false;
    }
    heard(from);
    deliver(id, packet.content(), from);
    return true;
  }

  private void heard(InetSocketAddress virtual) {
    var leaving = routes.leaving(virtual.getAddress());
    if (leaving != null) {
      leaving.heard();
    }
  }

  private void deliver(ByteBuffer id, ByteBuf content, InetSocketAddress from) throws Exception {
    var home = exits.getFirst();
    var codecs = home.demultiplexer.codecs();
    if (codecs == null) {
      content.release();
    } else {
      codecs.read(id, new DatagramPacket(content, home.local(), from));
    }
  }

  /** Nothing more can be read for now, by any socket. */
  void readComplete() throws Exception {
    var codecs = exits.isEmpty() ? null : exits.getFirst().demultiplexer.codecs();
    if (codecs != null) {
      codecs.readComplete();
    }
  }

  /** Sends a packet for a virtual address on the route of the moment. */
  void leave(
      Demultiplexer by,
      ChannelHandlerContext context,
      DatagramPacket packet,
      ChannelPromise promise) {
    var leaving = routes.leaving(packet.recipient().getAddress());
    if (leaving == null) {
      // As good as lost on the way; QUIC sends it again, when there may be a route.
      packet.release();
      var _ = promise.trySuccess();
      return;
    }
    var second = leaving.second;
    if (second != null) {
      var twin = packet.replace(packet.content().retainedDuplicate());
      leave(by, context, twin, second, context.newPromise());
    }
    leaving.sent();
    leave(by, context, packet, leaving.route, promise);
  }

  private void leave(
      Demultiplexer by,
      ChannelHandlerContext context,
      DatagramPacket packet,
      Routes.Route route,
      ChannelPromise promise) {
    var to =
        switch (route) {
          case Direct direct -> direct.at();
          case Relayed relayed -> relayed.relay();
        };
    var exit = exit(to);
    if (exit == null) {
      packet.release();
      var _ = promise.trySuccess();
      return;
    }
    boolean isDoubled = isSentTwice(packet);
    var ready =
        route instanceof Relayed relayed
            ? wrapped(context, packet, relayed)
            : addressed(packet, packet.content(), 0, to);
    if (isDoubled && route instanceof Relayed) {
      var copy = ready.copy();
      var _ =
          exit.channel
              .eventLoop()
              .schedule(
                  () -> {
                    var _ = exit.channel.writeAndFlush(copy);
                  },
                  TWICE_AFTER_MILLIS,
                  TimeUnit.MILLISECONDS);
    }
    if (exit.channel.equals(context.channel())) {
      by.send(context, ready, promise);
    } else {
      var _ = exit.channel.writeAndFlush(ready);
      var _ = promise.trySuccess();
    }
  }

  /** Whether it is one of the first of a connection; an Initial begins one. */
  private boolean isSentTwice(DatagramPacket packet) {
    var content = packet.content();
    var peer = packet.recipient().getAddress();
    if (content.isReadable()
        && (content.getUnsignedByte(content.readerIndex()) & LONG_TYPE) == INITIAL) {
      twice.put(peer, SENT_TWICE);
    }
    if (twice.isEmpty() || content.readableBytes() > MAX_TWICE_BYTES) {
      return false;
    }
    return twice.computeIfPresent(peer, (_, left) -> left == 1 ? null : left - 1) != null;
  }

  private @Nullable Exit exit(InetSocketAddress to) {
    for (var exit : exits) {
      if (exit.reach.reaches(to)) {
        return exit;
      }
    }
    return null;
  }

  private static DatagramPacket addressed(
      DatagramPacket packet, ByteBuf content, int more, InetSocketAddress to) {
    return packet instanceof SegmentedDatagramPacket segmented && segmented.segmentSize() > 0
        ? new SegmentedDatagramPacket(content, segmented.segmentSize() + more, to)
        : new DatagramPacket(content, to);
  }

  /** Puts the head before each segment. */
  private static DatagramPacket wrapped(
      ChannelHandlerContext context, DatagramPacket packet, Relayed route) {
    var content = packet.content();
    int size =
        packet instanceof SegmentedDatagramPacket segmented && segmented.segmentSize() > 0
            ? segmented.segmentSize()
            : content.readableBytes();
    int count = size == 0 ? 0 : (content.readableBytes() + size - 1) / size;
    var all = context.alloc().directBuffer(content.readableBytes() + count * Routes.HEAD);
    try {
      while (content.isReadable()) {
        all.writeByte(Routes.RELAYED).writeLong(route.circuit());
        all.writeBytes(content, Math.min(size, content.readableBytes()));
      }
      return addressed(packet, all, Routes.HEAD, route.relay());
    } finally {
      packet.release();
    }
  }
}
