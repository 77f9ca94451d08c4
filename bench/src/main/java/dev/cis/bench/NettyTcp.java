package dev.cis.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Bulk bytes over plain TCP through Netty: no encryption, one event loop on each side. */
final class NettyTcp {
  private static final int CHUNK = 256 << 10;
  private static final EventLoopGroup GROUP =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("bench-tcp", true), NioIoHandler.newFactory());

  private NettyTcp() {}

  /** Swallows bytes on a port, and says one byte at the end of each connection. */
  static int serve() {
    var channel =
        new ServerBootstrap()
            .group(GROUP)
            .channel(NioServerSocketChannel.class)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childOption(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(CHUNK))
            .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .childHandler(initializer(Swallow::new))
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .syncUninterruptibly()
            .channel();
    return ((InetSocketAddress) channel.localAddress()).getPort();
  }

  /** Sends so many bytes and returns when the other side has read the end. */
  static void send(int port, long bytes) {
    var confirmed = new CompletableFuture<Boolean>();
    var channel =
        new Bootstrap()
            .group(GROUP)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .handler(initializer(() -> new Send(bytes, confirmed)))
            .connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .syncUninterruptibly()
            .channel();
    boolean _ = confirmed.join();
    channel.close().syncUninterruptibly();
  }

  private static ChannelInitializer<SocketChannel> initializer(Supplier<ChannelHandler> handler) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(SocketChannel channel) {
        channel.pipeline().addLast(handler.get());
      }
    };
  }

  private static final class Swallow extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      ReferenceCountUtil.release(message);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      // The sender has shut down its output.
      var _ = context.writeAndFlush(Unpooled.wrappedBuffer(new byte[1]));
    }
  }

  private static final class Send extends ChannelInboundHandlerAdapter {
    private final CompletableFuture<Boolean> confirmed;
    private final ByteBuf chunk =
        Unpooled.unreleasableBuffer(Unpooled.directBuffer(CHUNK).writeZero(CHUNK));
    private long left;

    Send(long bytes, CompletableFuture<Boolean> confirmed) {
      left = bytes;
      this.confirmed = confirmed;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      more(context);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      more(context);
    }

    private void more(ChannelHandlerContext context) {
      while (left > 0 && context.channel().isWritable()) {
        int size = (int) Math.min(left, CHUNK);
        left -= size;
        var _ = context.writeAndFlush(chunk.duplicate().writerIndex(size));
        if (left == 0) {
          var _ = ((DuplexChannel) context.channel()).shutdownOutput();
        }
      }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      ReferenceCountUtil.release(message);
      boolean _ = confirmed.complete(true);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      boolean _ = confirmed.completeExceptionally(new IOException("not confirmed"));
    }
  }
}
