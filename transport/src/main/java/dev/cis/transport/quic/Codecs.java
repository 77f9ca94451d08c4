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
import org.jspecify.annotations.Nullable;

/**
 * The QUIC codecs of one socket: one that accepts and one that dials, for peers on this machine and
 * once more for all others, since a codec has one limit for the size of its datagrams. Each is told
 * by itself what concerns it, as none passes on what it reads. All on the event loop.
 */
final class Codecs extends ChannelOutboundHandlerAdapter {
  private final Nearby nearby;
  private final List<Codec> all = new ArrayList<>();
  private final Map<ByteBuffer, Codec> dialled = new HashMap<>();
  private final Pair near;
  private final Pair far;
  private @Nullable Codec dialling;

  /** What accepts and what dials. */
  private record Pair(Codec server, Codec client) {}

  /** Makes the codecs for datagrams up to a size. */
  interface Factory {
    ChannelHandler server(int maxDatagram);

    ChannelHandler client(int maxDatagram);
  }

  /** Adds the codecs, and behind them itself, to the pipeline of the socket. */
  static Codecs add(Channel udp, Nearby nearby, Factory factory) {
    var codecs = new Codecs(udp, nearby, factory);
    udp.pipeline().addLast(codecs);
    return codecs;
  }

  private Codecs(Channel udp, Nearby nearby, Factory factory) {
    this.nearby = nearby;
    far = new Pair(add(udp, factory.server(nearby.far())), add(udp, factory.client(nearby.far())));
    near =
        new Pair(add(udp, factory.server(nearby.near())), add(udp, factory.client(nearby.near())));
  }

  private Codec add(Channel udp, ChannelHandler handler) {
    udp.pipeline().addLast(handler);
    var codec = new Codec(udp.pipeline().context(handler));
    all.add(codec);
    return codec;
  }

  private Pair pair(InetAddress peer) {
    return nearby.contains(peer) ? near : far;
  }

  /** The connection that is dialled in the same task, right behind, has this id here. */
  void dialled(ByteBuffer id, InetSocketAddress to) {
    var client = pair(to.getAddress()).client();
    dialled.put(id, client);
    dialling = client;
  }

  void closed(ByteBuffer id) {
    dialled.remove(id);
  }

  /** Gives a packet to the codec that its destination connection id belongs to. */
  void read(ByteBuffer id, DatagramPacket packet) throws Exception {
    var codec = dialled.get(id);
    if (codec == null) {
      codec = pair(packet.sender().getAddress()).server();
    }
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
