package dev.cis.transport.quic;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import dev.cis.transport.Address;
import dev.cis.transport.Quotas;
import dev.cis.transport.TransportCode;
import dev.cis.transport.TransportConfig;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.handler.codec.quic.FlushStrategy;
import io.netty.handler.codec.quic.QLogConfiguration;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicChannelOption;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicCodecBuilder;
import io.netty.handler.codec.quic.QuicConnectionAddress;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.util.AttributeKey;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One UDP socket that accepts, dials and carries raw datagrams. */
final class UdpSocket {
  // One arena of 1 MiB chunks: the loop is one thread, and an idle node shall stay small.
  private static final PooledByteBufAllocator ALLOCATOR =
      new PooledByteBufAllocator(true, 1, 1, 8192, 7, 64, 32, false);
  // As much as waits here, everything waits for that comes behind it, small calls too: a sender
  // fills what the path gives it. With 4 MiB a ping beside a transfer took twice as long (p50 5.8
  // ms, not 2.5) at the same rate of the transfer.
  private static final int SOCKET_BUFFER = 1 << 20;
  // Packets are handed to the kernel in calls of several buffers, and a socket that has more than a
  // little to write does not make every connection look whether it can go on.
  private static final int FLUSHED = 128 << 10;
  private static final WriteBufferWaterMark UNFLUSHED =
      new WriteBufferWaterMark(512 << 10, 1 << 20);
  // What waits is read in one go, answered with one acknowledgement and told to readers once; so
  // much that a call does not wait long behind it.
  private static final int RECEIVED_TOGETHER = 8;
  // How often a peer that dialled may get another address until it has to dial anew.
  private static final int MOVES = 32;
  private static final int MAX_PAYLOAD = 65_527;
  // RFC 9000 section 14: what every path carries.
  private static final int SMALLEST = 1200;
  // Fits the 1,280 to 1,500 byte links that are found in practice, with IPv6 and tunnel headers.
  private static final int UNPROBED = 1350;
  private static final int RECEIVED_UNPROBED = 1500;
  // RFC 9002 section 7.2. Not two of the large datagrams that probing may find: quiche probes when
  // the window has room for the probe, and to write and read 16 KB of padding was 6 % of a
  // connection on which little is said. It grows, and is probed, with what is sent.
  private static final int INITIAL_WINDOW = 14_720;
  // IP_MTU_DISCOVER and IPV6_MTU_DISCOVER, set to IP_PMTUDISC_PROBE (ip(7), ipv6(7)).
  private static final List<IntegerUnixChannelOption> DO_NOT_FRAGMENT =
      List.of(
          new IntegerUnixChannelOption("IP_MTU_DISCOVER", 0, 10),
          new IntegerUnixChannelOption("IPV6_MTU_DISCOVER", 41, 23));
  private static final int PROBE = 3;
  private static final AttributeKey<NodeId> EXPECTED = AttributeKey.valueOf("cis.expected");
  private static final long REFUSABLE = 64;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Logger LOG = LoggerFactory.getLogger(UdpSocket.class);

  private final Channel channel;
  private final Codecs codecs;
  private final Quotas quotas;
  private final Routes routes;

  private UdpSocket(Channel channel, Codecs codecs, Quotas quotas, Routes routes) {
    this.quotas = quotas;
    this.routes = routes;
    this.channel = channel;
    this.codecs = codecs;
  }

  static UdpSocket bind(
      EventLoopGroup group,
      InetSocketAddress address,
      Tls.Contexts tls,
      TransportConfig config,
      Quotas quotas,
      RawDatagrams raw,
      Junction junction,
      Consumer<QuicLink> authenticated) {
    var demultiplexer = new Demultiplexer(raw, junction);
    var routes = junction.routes();
    var codecs = new AtomicReference<@Nullable Codecs>();
    var factory =
        new Codecs.Factory() {
          @Override
          public ChannelHandler server(int maxDatagram, MarkedIds ids) {
            return UdpSocket.server(
                    tls.server(), config, maxDatagram, quotas, routes, authenticated)
                .connectionIdAddressGenerator(ids)
                .build();
          }

          @Override
          public ChannelHandler client(int maxDatagram) {
            return settings(new QuicClientCodecBuilder(), config, maxDatagram)
                .sslEngineProvider(quic -> tls.dial(quic.alloc(), quic.attr(EXPECTED).get()))
                .build();
          }
        };
    var bootstrap =
        new Bootstrap()
            .group(group)
            .channel(Epoll.isAvailable() ? EpollDatagramChannel.class : NioDatagramChannel.class)
            .option(ChannelOption.ALLOCATOR, ALLOCATOR)
            .option(ChannelOption.SO_RCVBUF, SOCKET_BUFFER)
            .option(ChannelOption.WRITE_BUFFER_WATER_MARK, UNFLUSHED)
            .option(ChannelOption.SO_SNDBUF, SOCKET_BUFFER);
    if (Epoll.isAvailable()) {
      bootstrap
          .option(EpollChannelOption.UDP_GRO, true)
          .option(
              ChannelOption.RECVBUF_ALLOCATOR,
              new FixedRecvByteBufAllocator(64 << 10).maxMessagesPerRead(RECEIVED_TOGETHER));
    } else {
      bootstrap.option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(2048));
    }
    bootstrap.handler(
        new ChannelInitializer<Channel>() {
          @Override
          protected void initChannel(Channel udp) {
            doNotFragment(udp);
            udp.pipeline().addLast(demultiplexer);
            var behind = Codecs.add(udp, Nearby.now(), demultiplexer::again, factory);
            demultiplexer.codecs(behind);
            codecs.set(behind);
          }
        });
    var bound = bootstrap.bind(address).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw bindFault(address, bound.cause());
    }
    var socket =
        new UdpSocket(bound.channel(), Objects.requireNonNull(codecs.get()), quotas, routes);
    junction.add(bound.channel(), demultiplexer, socket::reaches);
    var sender = socket.new RawSender();
    demultiplexer.sender(sender);
    raw.bound(sender);
    return socket;
  }

  private static Fault bindFault(InetSocketAddress address, @Nullable Throwable cause) {
    var words = String.valueOf(cause == null ? null : cause.getMessage());
    if (cause instanceof IOException && words.contains("in use")) {
      return new Fault(
          TransportCode.PORT_IN_USE,
          "UDP port "
              + address.getPort()
              + " is in use by another program; stop it, or choose another with p2p.listen or p2p.listen_port",
          cause);
    }
    return new Fault(
        TransportCode.CANNOT_BIND,
        "cannot bind UDP "
            + address
            + ": "
            + words
            + "; set p2p.listen to an address of this machine",
        cause);
  }

  /**
   * Packets are never split on their way, so that probing finds out what the path carries; neither
   * does the kernel refuse one for what it believes about the path.
   */
  private static void doNotFragment(Channel udp) {
    if (!(udp instanceof EpollDatagramChannel)) {
      return;
    }
    for (var option : DO_NOT_FRAGMENT) {
      try {
        boolean _ = udp.config().setOption(option, PROBE);
      } catch (ChannelException e) {
        LOG.debug("event=no-fragment-option option={} message={}", option, e.getMessage());
      }
    }
  }

  private static QuicServerCodecBuilder server(
      QuicSslContext tls,
      TransportConfig config,
      int maxDatagram,
      Quotas quotas,
      Routes routes,
      Consumer<QuicLink> authenticated) {
    return settings(new QuicServerCodecBuilder(), config, maxDatagram)
        .sslContext(tls)
        // quiche keeps no more addresses of a peer than this, and forgets none.
        .activeConnectionIdLimit(MOVES)
        .tokenHandler(new RetryTokens(RANDOM, () -> Uptime.CLOCK.now().uptime().toMillis(), quotas))
        .option(ChannelOption.ALLOCATOR, ALLOCATOR)
        .streamOption(ChannelOption.ALLOCATOR, ALLOCATOR)
        .streamHandler(new QuicLink.Inbound())
        .handler(
            new ChannelInitializer<QuicChannel>() {
              @Override
              protected void initChannel(QuicChannel quic) {
                segment(quic);
                var remote = (InetSocketAddress) Objects.requireNonNull(quic.remoteSocketAddress());
                try {
                  var guest = quotas.enter(remote.getAddress());
                  quic.pipeline()
                      .addLast(
                          new QuicLink(
                              quic,
                              false,
                              Place.of(remote, routes),
                              quotas.budget(),
                              guest,
                              authenticated));
                } catch (Fault e) {
                  QuicLink.refuse(quic, String.valueOf(e.getMessage()));
                }
              }
            });
  }

  private static <B extends QuicCodecBuilder<B>> B settings(
      B builder, TransportConfig config, int pathLimit) {
    // Without the option not to fragment there is no probing.
    int payload = Math.min(pathLimit, Epoll.isAvailable() ? config.wire().maxDatagram() : UNPROBED);
    return builder
        .flushStrategy(FlushStrategy.afterNumBytes(FLUSHED))
        .localConnectionIdLength(Demultiplexer.ID_BYTES)
        .maxIdleTimeout(config.liveness().idleTimeout().toMillis(), TimeUnit.MILLISECONDS)
        .maxSendUdpPayloadSize(payload)
        .maxRecvUdpPayloadSize(Epoll.isAvailable() ? MAX_PAYLOAD : RECEIVED_UNPROBED)
        .discoverPmtu(Epoll.isAvailable() && payload > SMALLEST)
        .initialCongestionWindowPackets(Math.clamp(INITIAL_WINDOW / payload, 1, 10))
        .initialMaxData(config.wire().connectionWindow())
        .initialMaxStreamDataBidirectionalLocal(config.wire().streamWindow())
        .initialMaxStreamDataBidirectionalRemote(config.wire().streamWindow())
        // A little more, so that who opens too many is told so.
        .initialMaxStreamsBidirectional(config.limits().maxInboundStreams() + REFUSABLE)
        .initialMaxStreamsUnidirectional(0)
        .activeMigration(false);
  }

  private static void segment(QuicChannel quic) {
    quic.config()
        .setOption(QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR, Segments.create());
  }

  /**
   * Dials; the result is a link whose peer is known.
   *
   * @return gives the attempt up
   */
  Runnable dial(
      InetSocketAddress to,
      @Nullable NodeId expected,
      @Nullable QLogConfiguration qlog,
      Duration within,
      CompletableFuture<QuicLink> result) {
    var made = new AtomicReference<@Nullable QuicLink>();
    channel.eventLoop().execute(() -> connect(to, expected, qlog, within, made, result));
    return () -> {
      result.cancel(false);
      channel
          .eventLoop()
          .execute(() -> {
            var link = made.get();
            if (link != null) {
              link.giveUp();
            }
          });
    };
  }

  private void connect(
      InetSocketAddress to,
      @Nullable NodeId expected,
      @Nullable QLogConfiguration qlog,
      Duration within,
      AtomicReference<@Nullable QuicLink> made,
      CompletableFuture<QuicLink> result) {
    if (result.isDone()) {
      return;
    }
    var id = new byte[Demultiplexer.ID_BYTES];
    RANDOM.nextBytes(id);
    var key = ByteBuffer.wrap(id);
    codecs.dialled(key, to);
    var initializer =
        new ChannelInitializer<QuicChannel>() {
          @Override
          protected void initChannel(QuicChannel quic) {
            segment(quic);
            var link =
                new QuicLink(quic, true, Place.of(to, routes), quotas.budget(), null, _ -> {});
            made.set(link);
            if (qlog != null) {
              link.qlog(Path.of(qlog.path()));
            }
            quic.pipeline().addLast(link);
            quic.closeFuture().addListener(done -> codecs.closed(key));
          }
        };
    QuicChannel.newBootstrap(channel)
        .handler(initializer)
        .attr(EXPECTED, expected)
        .streamHandler(new QuicLink.Inbound())
        .option(ChannelOption.ALLOCATOR, ALLOCATOR)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.clamp(within.toMillis(), 1, 3_600_000))
        .option(QuicChannelOption.QLOG, qlog)
        .streamOption(ChannelOption.ALLOCATOR, ALLOCATOR)
        .remoteAddress(to)
        .localConnectionAddress(new QuicConnectionAddress(id.clone()))
        .connect()
        .addListener(done -> connected(done.cause(), to, made.get(), key, result));
  }

  private void connected(
      @Nullable Throwable cause,
      InetSocketAddress to,
      @Nullable QuicLink link,
      ByteBuffer key,
      CompletableFuture<QuicLink> result) {
    if (link == null) {
      codecs.closed(key);
      result.completeExceptionally(
          new Fault(TransportCode.DIAL_FAILED, "cannot dial " + Address.of(to), cause));
      return;
    }
    if (cause != null) {
      var _ = link.channel().close();
      // The peer's reason comes as an event of its own, right behind.
      channel.eventLoop().execute(() -> result.completeExceptionally(link.dialFault(cause)));
      return;
    }
    try {
      link.requireIdentity();
    } catch (Fault e) {
      result.completeExceptionally(e);
      return;
    }
    if (!result.complete(link)) {
      link.giveUp();
    }
  }

  /** What it is bound to. */
  InetSocketAddress local() {
    return (InetSocketAddress) channel.localAddress();
  }

  /** Whether a packet from here can get there: same family, or a socket for both. */
  boolean reaches(InetSocketAddress to) {
    var here = local().getAddress();
    boolean there6 = to.getAddress() instanceof Inet6Address;
    return here.isAnyLocalAddress() || (here instanceof Inet6Address) == there6;
  }

  /** Concrete addresses; the wildcard stands for those of every interface that is up. */
  List<Address> addresses() {
    var here = local();
    if (!here.getAddress().isAnyLocalAddress()) {
      return List.of(Address.of(here));
    }
    var outside = new ArrayList<Address>();
    var inside = new ArrayList<Address>();
    try {
      for (var nic : NetworkInterface.networkInterfaces().toList()) {
        if (nic.isUp()) {
          nic.inetAddresses()
              .filter(ip -> !ip.isLinkLocalAddress() && !ip.isMulticastAddress())
              .forEach(ip -> (ip.isLoopbackAddress() ? inside : outside).add(at(ip, here)));
        }
      }
    } catch (SocketException e) {
      inside.add(at(InetAddress.getLoopbackAddress(), here));
    }
    return outside.isEmpty() ? inside : outside;
  }

  private static Address at(InetAddress ip, InetSocketAddress socket) {
    return Address.of(new InetSocketAddress(ip, socket.getPort()));
  }

  void close() {
    channel.close().awaitUninterruptibly(1_000);
  }

  private final class RawSender implements RawDatagrams.Sender {
    @Override
    public InetSocketAddress local() {
      return UdpSocket.this.local();
    }

    @Override
    public void send(byte[] datagram, InetSocketAddress to) {
      var _ = channel.writeAndFlush(new DatagramPacket(Unpooled.copiedBuffer(datagram), to));
    }

    @Override
    public void arrived(byte[] datagram, InetSocketAddress from) {
      var content = Unpooled.copiedBuffer(datagram);
      channel
          .eventLoop()
          .execute(() -> {
            channel.pipeline().fireChannelRead(new DatagramPacket(content, local(), from));
            channel.pipeline().fireChannelReadComplete();
          });
    }
  }
}
