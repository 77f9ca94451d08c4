package dev.cis.transport.quic;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandler;
import io.netty.channel.ChannelOutboundHandler;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The QUIC codecs of one socket: one that accepts and one that dials, for peers on this machine,
 * for those with a virtual address, and for all others, since a codec has one limit for the size of
 * its datagrams. Each is made when it is first needed: with each the native library loads all
 * authorities that the machine trusts, which takes 0.7 MB and some milliseconds where it finds
 * them. Each is told by itself what concerns it, as none passes on what it reads. All on the event
 * loop.
 */
final class Codecs extends ChannelOutboundHandlerAdapter {
  private static final String NAME = "codecs";

  private final Channel udp;
  private final Nearby nearby;
  private final Factory factory;
  private final List<Codec> all = new ArrayList<>();
  private final Map<ByteBuffer, Dialled> dialled = new HashMap<>();
  private final Repeater repeater;
  private final Pair near;
  private final Pair far;
  private final Pair virtual;
  private @Nullable Codec dialling;

  /** A connection that we dialled, and where to. */
  private record Dialled(Codec codec, InetSocketAddress to) {}

  /** What accepts and what dials, for datagrams up to a size. */
  private final class Pair {
    private final int maxDatagram;
    private final MarkedIds ids;
    private @Nullable Codec server;
    private @Nullable Codec client;

    Pair(int maxDatagram, boolean virtual) {
      this.maxDatagram = maxDatagram;
      this.ids = new MarkedIds(virtual);
    }

    Codec server() {
      var made = server;
      if (made == null) {
        made = add(factory.server(maxDatagram, ids));
        server = made;
      }
      return made;
    }

    Codec client() {
      var made = client;
      if (made == null) {
        made = add(factory.client(maxDatagram));
        client = made;
      }
      return made;
    }
  }

  /** Makes the codecs for datagrams up to a size. */
  interface Factory {
    ChannelHandler server(int maxDatagram, MarkedIds ids);

    ChannelHandler client(int maxDatagram);
  }

  /**
   * Adds itself to the pipeline of the socket; the codecs come to stand before it.
   *
   * @param again sends a packet of a handshake once more
   */
  static Codecs add(Channel udp, Nearby nearby, Consumer<DatagramPacket> again, Factory factory) {
    var codecs = new Codecs(udp, nearby, again, factory);
    udp.pipeline().addLast(NAME, codecs);
    return codecs;
  }

  private Codecs(Channel udp, Nearby nearby, Consumer<DatagramPacket> again, Factory factory) {
    this.udp = udp;
    this.repeater = new Repeater(udp.eventLoop(), dialled::containsKey, again);
    this.nearby = nearby;
    this.factory = factory;
    this.near = new Pair(nearby.near(), false);
    this.far = new Pair(nearby.far(), false);
    this.virtual = new Pair(Routes.MAX_PACKET, true);
  }

  private Codec add(ChannelHandler handler) {
    udp.pipeline().addBefore(NAME, null, handler);
    var codec = new Codec(udp.pipeline().context(handler));
    all.add(codec);
    return codec;
  }

  private Pair pair(InetAddress peer) {
    if (Routes.isVirtual(peer)) {
      return virtual;
    }
    return nearby.contains(peer) ? near : far;
  }

  /** The connection that is dialled in the same task, right behind, has this id here. */
  void dialled(ByteBuffer id, InetSocketAddress to) {
    var client = pair(to.getAddress()).client();
    dialled.put(id, new Dialled(client, to));
    dialling = client;
  }

  void closed(ByteBuffer id) {
    dialled.remove(id);
    repeater.closed(id);
  }

  /** Ends a connection of this socket. On the loop. */
  static void part(Channel udp, Runnable close) {
    var codecs = udp.pipeline().get(Codecs.class);
    if (codecs == null) {
      close.run();
    } else {
      codecs.repeater.part(close);
    }
  }

  /** A packet of one of the codecs leaves. */
  void leaving(DatagramPacket packet) {
    repeater.leaving(packet);
  }

  /** Where the connection with this id was dialled to, null if it was not dialled here. */
  @Nullable InetSocketAddress dialledTo(ByteBuffer id) {
    var connection = dialled.get(id);
    return connection == null ? null : connection.to;
  }

  /** Gives a packet to the codec that its destination connection id belongs to. */
  void read(ByteBuffer id, DatagramPacket packet) throws Exception {
    var connection = dialled.get(id);
    if (repeater.arriving(id, packet, connection != null)) {
      packet.release();
      return;
    }
    var codec = connection == null ? pair(packet.sender().getAddress()).server() : connection.codec;
    codec.unfinished = true;
    codec.inbound().channelRead(codec.context, packet);
  }

  /** Nothing more can be read for now. */
  void readComplete() throws Exception {
    for (var codec : all) {
      if (codec.unfinished) {
        codec.unfinished = false;
        codec.inbound().channelReadComplete(codec.context);
      }
    }
  }

  @Override
  public void connect(
      ChannelHandlerContext context,
      SocketAddress remote,
      @Nullable SocketAddress local,
      ChannelPromise promise)
      throws Exception {
    var client = dialling;
    dialling = null;
    if (client == null) {
      promise.setFailure(new IllegalStateException("nobody is being dialled"));
    } else {
      ((ChannelOutboundHandler) client.context.handler())
          .connect(client.context, remote, local, promise);
    }
  }

  private static final class Codec {
    private final ChannelHandlerContext context;
    private boolean unfinished;

    Codec(ChannelHandlerContext context) {
      this.context = context;
    }

    ChannelInboundHandler inbound() {
      return (ChannelInboundHandler) context.handler();
    }
  }
}
