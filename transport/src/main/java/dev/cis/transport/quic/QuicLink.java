package dev.cis.transport.quic;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import dev.cis.transport.Address;
import dev.cis.transport.EventPipe;
import dev.cis.transport.Link;
import dev.cis.transport.Pipe;
import dev.cis.transport.Quotas;
import dev.cis.transport.TransportCode;
import dev.cis.transport.Turn;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicConnectionPathStats;
import io.netty.handler.codec.quic.QuicConnectionStats;
import io.netty.handler.codec.quic.QuicPathEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamResetException;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A QUIC connection. Handler of its channel, and the link that the swarm sees. */
final class QuicLink extends ChannelInboundHandlerAdapter implements Link {
  private static final Logger LOG = LoggerFactory.getLogger(QuicLink.class);
  // A link counts as losing for a while after one packet in so many was lost within a second.
  private static final long LOSS_SHARE = 1000;
  private static final Duration LOSING = Duration.ofSeconds(10);
  private static final Duration RTT_AGE = Duration.ofSeconds(1);
  // RFC 9001 section 4.8: 0x100 plus the TLS alert.
  private static final int NO_APPLICATION_PROTOCOL = 0x100 + 120;
  private static final int CERTIFICATE_REQUIRED = 0x100 + 116;
  // RFC 9000 section 20.1.
  private static final int CONNECTION_REFUSED = 0x02;

  // A close right behind the end of our handshake reaches an acceptor that has not ended its own,
  // cannot read it, and is not told again: it would hold the connection until a time-out.
  private static final long UNCONFIRMED_MILLIS = 300;

  private final QuicChannel channel;
  private final boolean outbound;
  private final Consumer<QuicLink> authenticated;
  private final Quotas.Budget budget;
  private final Quotas.@Nullable Guest guest;
  private final List<EventPipe> early = new ArrayList<>();
  private final Turn turn;
  private volatile @Nullable NodeId peer;
  private final Place place;
  private volatile @Nullable Duration rtt;
  private volatile long rttAt = Long.MIN_VALUE;
  private volatile long losingUntil = Long.MIN_VALUE;
  private long sent;
  private long lost;
  private volatile @Nullable QuicConnectionCloseEvent closeEvent;
  private volatile @Nullable String closing;
  private volatile boolean heard;
  private volatile long closeCode = -1;
  private volatile @Nullable Path qlog;
  private @Nullable Attendant attendant;
  private @Nullable String ended;

  /**
   * A link over a channel that is not active yet.
   *
   * @param budget what may wait on it
   * @param guest what an accepted link takes of the limits
   * @param authenticated told on the event loop when an accepted link knows its peer
   */
  QuicLink(
      QuicChannel channel,
      boolean outbound,
      Place place,
      Quotas.Budget budget,
      Quotas.@Nullable Guest guest,
      Consumer<QuicLink> authenticated) {
    this.channel = channel;
    this.outbound = outbound;
    this.place = place;
    this.budget = budget;
    this.guest = guest;
    this.authenticated = authenticated;
    this.turn = new LoopTurn(channel.eventLoop());
  }

  /**
   * Turns a connection away in its handshake, with words. Only after its first packet was read
   * there are keys to say anything with.
   */
  static void refuse(QuicChannel channel, String reason) {
    channel
        .eventLoop()
        .execute(() -> {
          var _ = channel.close(false, CONNECTION_REFUSED, Unpooled.copiedBuffer(reason, UTF_8));
        });
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    // A channel that fails its handshake late closes without having become inactive first.
    channel.closeFuture().addListener(done -> over());
  }

  /** The initializer of streams that peers open. */
  static final class Inbound extends ChannelInitializer<QuicStreamChannel> {
    @Override
    protected void initChannel(QuicStreamChannel stream) {
      var link = stream.parent().pipeline().get(QuicLink.class);
      if (link == null) {
        var _ = stream.close(); // of a connection that was refused
        return;
      }
      link.arrived(eventPipe(stream, new QuicEventPipe(link)));
    }

    /** One that was reset before anything was read of it is nothing to warn of. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.fireExceptionCaught(cause);
    }

    @Override
    public boolean isSharable() {
      return true;
    }
  }

  private static void configure(QuicStreamChannel stream) {
    stream.config().setAutoRead(false);
    stream.config().setAllowHalfClosure(true);
    stream.config().setReadFrames(true);
  }

  private static QuicPipe pipe(QuicStreamChannel stream, QuicPipe pipe) {
    configure(stream);
    pipe.attach(stream);
    stream.pipeline().addLast(pipe);
    return pipe;
  }

  private static QuicEventPipe eventPipe(QuicStreamChannel stream, QuicEventPipe pipe) {
    configure(stream);
    pipe.attach(stream);
    stream.pipeline().addLast(pipe);
    return pipe;
  }

  EventLoop loop() {
    return channel.eventLoop();
  }

  @Override
  public Turn turn() {
    return turn;
  }

  ByteBufAllocator allocator() {
    return channel.alloc();
  }

  QuicChannel channel() {
    return channel;
  }

  String name() {
    var known = peer;
    return known == null ? place.toString() : known.brief();
  }

  /** Opens the stream behind a pipe, on the event loop. */
  void createStream(QuicPipe pipe, Consumer<@Nullable Throwable> opened) {
    channel
        .createStream(
            QuicStreamType.BIDIRECTIONAL,
            new ChannelInitializer<QuicStreamChannel>() {
              @Override
              protected void initChannel(QuicStreamChannel stream) {
                var _ = pipe(stream, pipe);
              }
            })
        .addListener(done -> opened.accept(done.cause()));
  }

  @Override
  public NodeId peer() {
    return Objects.requireNonNull(peer, "not authenticated yet");
  }

  @Override
  public boolean outbound() {
    return outbound;
  }

  @Override
  public Address remote() {
    return place.address();
  }

  @Override
  public String path() {
    return place.path();
  }

  @Override
  public @Nullable Duration rtt() {
    long now = Uptime.CLOCK.now().uptime().toMillis();
    if (now - rttAt > RTT_AGE.toMillis() || rttAt == Long.MIN_VALUE) {
      rttAt = now;
      loop().execute(this::measure);
    }
    return rtt;
  }

  private void measure() {
    var path = activePath();
    if (path != null) {
      rtt = Duration.ofNanos(path.rtt());
      lookForLoss(path);
      follow(path);
    }
  }

  /**
   * The path that QUIC sends on, which is not the first one any more once the peer has moved. On
   * the event loop.
   */
  private @Nullable QuicConnectionPathStats activePath() {
    for (int i = 0; ; i++) {
      var stats = channel.collectPathStats(i).getNow();
      if (stats == null || stats.active()) {
        return stats;
      }
    }
  }

  @Override
  public boolean isLosing() {
    var _ = rtt(); // looks once a second
    return losingUntil > Uptime.CLOCK.now().uptime().toMillis();
  }

  private void lookForLoss(QuicConnectionPathStats stats) {
    long sentNow = stats.sent() - sent;
    long lostNow = stats.lost() - lost;
    sent = stats.sent();
    lost = stats.lost();
    boolean otherPath = sentNow < 0;
    if (!otherPath && lostNow * LOSS_SHARE > sentNow) {
      losingUntil = Uptime.CLOCK.now().uptime().toMillis() + LOSING.toMillis();
    }
  }

  @Override
  public Pipe open() {
    synchronized (this) {
      if (ended != null) {
        throw lostFault();
      }
    }
    return new QuicPipe(this);
  }

  @Override
  public EventPipe openEvents(EventPipe.Receiver receiver) {
    var pipe = new QuicEventPipe(this);
    pipe.attend(receiver);
    channel
        .createStream(
            QuicStreamType.BIDIRECTIONAL,
            new ChannelInitializer<QuicStreamChannel>() {
              @Override
              protected void initChannel(QuicStreamChannel stream) {
                var _ = eventPipe(stream, pipe);
              }
            })
        .addListener(done -> pipe.opened(done.cause()));
    return pipe;
  }

  private void arrived(EventPipe pipe) {
    Attendant told;
    synchronized (this) {
      told = attendant;
      if (told == null) {
        // As many as the transport parameters let the peer open.
        early.add(pipe);
        return;
      }
    }
    told.accepted(pipe);
  }

  @Override
  public void attend(Attendant who) {
    List<EventPipe> before;
    String reason;
    synchronized (this) {
      attendant = who;
      before = List.copyOf(early);
      early.clear();
      reason = ended;
    }
    if (!before.isEmpty()) {
      loop().execute(() -> before.forEach(who::accepted));
    }
    if (reason != null) {
      who.ended(reason);
    }
  }

  @Override
  public long peerCloseCode() {
    var event = closeEvent;
    return closing == null && event != null && event.isApplicationClose() ? event.error() : -1;
  }

  @Override
  public long closeCode() {
    return closing == null ? -1 : closeCode;
  }

  @Override
  public void packets(Consumer<Packets> then) {
    channel
        .collectStats()
        .addListener((Future<QuicConnectionStats> done) -> {
          var stats = done.isSuccess() ? done.getNow() : null;
          then.accept(
              stats == null
                  ? Packets.NONE
                  : new Packets(
                      stats.sent(),
                      stats.recv(),
                      stats.lost(),
                      stats.retrans(),
                      stats.sentBytes(),
                      stats.recvBytes()));
        });
  }

  @Override
  public @Nullable Path qlog() {
    return qlog;
  }

  /** Says where the link is recorded. */
  void qlog(Path file) {
    qlog = file;
  }

  @Override
  public Quotas.Budget budget() {
    return budget;
  }

  @Override
  public void close(long code, String reason) {
    if (closing == null && closeEvent == null) {
      closeCode = code;
      closing = reason;
    }
    var text = reason.length() > 200 ? reason.substring(0, 200) : reason;
    try {
      if (outbound && !heard && channel.isActive()) {
        var _ = loop().schedule(() -> closeNow(code, text), UNCONFIRMED_MILLIS, MILLISECONDS);
      } else {
        closeNow(code, text);
      }
    } catch (RejectedExecutionException e) {
      LOG.debug("event=close-after-stop peer={}", name());
    }
  }

  private void closeNow(long code, String text) {
    if (!loop().inEventLoop()) {
      loop().execute(() -> closeNow(code, text));
      return;
    }
    Codecs.part(
        channel.parent(),
        () -> {
          var _ = channel.close(true, (int) code, Unpooled.copiedBuffer(text, UTF_8));
        });
  }

  /** The dial is not wanted any more, whether it has led to a connection or not. On the loop. */
  void giveUp() {
    if (channel.isActive()) {
      close(GOODBYE, "not needed");
    } else {
      // The handshake may be about to end; if it does, this is called again.
      var _ =
          loop()
              .schedule(
                  () -> {
                    if (!channel.isActive()) {
                      var _ = channel.close();
                    }
                  },
                  UNCONFIRMED_MILLIS,
                  MILLISECONDS);
    }
  }

  /** The peer has sent something on a stream, so the handshake has ended there too. */
  void heard() {
    heard = true;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    switch (event) {
      case SslHandshakeCompletionEvent completion when completion.isSuccess() -> identify();
      case QuicConnectionCloseEvent close -> closeEvent = close;
      case QuicPathEvent _ -> follow(activePath());
      default -> {}
    }
    context.fireUserEventTriggered(event);
  }

  /**
   * Takes the address from the path that QUIC sends on. It says that the peer has moved only once
   * it has checked the new path, and never if what proves it is lost (quiche in Netty 4.2.18 does
   * not ask again when its question was acknowledged). The codec's own {@code remoteSocketAddress}
   * is whoever sent last, which may be a late datagram of an older path, or a forged one.
   *
   * @param path null when the connection is closed
   */
  private void follow(@Nullable QuicConnectionPathStats path) {
    if (path == null) {
      return;
    }
    var to = portMended(path.peerAddress());
    if (!place.isElsewhere(to)) {
      return;
    }
    LOG.debug("event=peer-moved from={} to={}", place, to);
    place.moved(to);
    Attendant told;
    synchronized (this) {
      told = attendant;
    }
    if (told != null) {
      told.moved();
    }
  }

  /** Netty 4.2.18 hands out the addresses of paths with the two bytes of the port swapped. */
  private static InetSocketAddress portMended(InetSocketAddress path) {
    return new InetSocketAddress(
        path.getAddress(), Short.toUnsignedInt(Short.reverseBytes((short) path.getPort())));
  }

  /** Reads who is there from the session; closes the connection when that is nobody. */
  private void identify() {
    if (peer != null) {
      return;
    }
    try {
      var engine = Objects.requireNonNull(channel.sslEngine());
      peer = Certificates.identity(engine.getSession().getPeerCertificates());
      if (guest != null) {
        guest.identified();
        authenticated.accept(this);
      }
    } catch (SSLPeerUnverifiedException | CertificateException e) {
      LOG.debug("event=no-identity remote={} message={}", place, e.getMessage());
      close(Kind.DENIED.closeCode(), "no certificate of a node");
    }
  }

  /** Makes sure that the peer is known after a completed dial. */
  void requireIdentity() {
    if (peer == null) {
      identify();
    }
    if (peer == null) {
      throw new Fault(TransportCode.NO_CERTIFICATE, place + " presented no certificate of a node");
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    LOG.debug("event=connection-exception peer={} message={}", name(), cause.toString());
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    over();
    context.fireChannelInactive();
  }

  private void over() {
    Attendant told;
    String reason = endReason();
    synchronized (this) {
      if (ended != null) {
        return;
      }
      ended = reason;
      told = attendant;
      early.clear();
    }
    budget.close();
    if (guest != null) {
      guest.left();
    }
    if (told != null) {
      told.ended(reason);
    }
  }

  private static String words(QuicConnectionCloseEvent close) {
    try {
      return new String(close.reason(), UTF_8).replaceAll("\\p{Cntrl}", "?");
    } catch (NullPointerException e) {
      return ""; // what Netty 4.2.18 throws for a close without words
    }
  }

  private String endReason() {
    var here = closing;
    if (here != null) {
      return here;
    }
    var there = closeEvent;
    if (there != null) {
      var words = words(there);
      return words.isEmpty()
          ? "the peer closed it with code 0x" + Integer.toHexString(there.error())
          : words;
    }
    return channel.isTimedOut() ? "nothing heard for the idle timeout" : "lost";
  }

  Fault lostFault() {
    return new Fault(
        wasRefused() ? TransportCode.BUSY : TransportCode.CONNECTION_LOST,
        "the connection to " + name() + " ended: " + endReason());
  }

  /** Whether a limit of the peer has closed it, in the handshake or later. */
  private boolean wasRefused() {
    var event = closeEvent;
    return closing == null
        && event != null
        && event.error()
            == (event.isApplicationClose() ? Kind.EXHAUSTED.closeCode() : CONNECTION_REFUSED);
  }

  Fault openingFault(Throwable cause) {
    return channel.isActive()
        ? new Fault(
            TransportCode.BUSY,
            name() + " allows no more streams now (transport.max_inbound_streams there)",
            cause)
        : lostFault();
  }

  Fault streamFault(Throwable cause) {
    if (cause instanceof QuicStreamResetException reset) {
      return new Fault(
          TransportCode.STREAM_RESET,
          name()
              + " broke off the stream ("
              + Kind.ofCloseCode(reset.applicationProtocolCode())
              + ")",
          cause);
    }
    return channel.isActive()
        ? new Fault(
            TransportCode.STREAM_RESET, "the stream with " + name() + " broke: " + cause, cause)
        : lostFault();
  }

  /** Why a dial led to nothing. */
  Fault dialFault(@Nullable Throwable cause) {
    var close = closeEvent;
    int code = close == null || close.isApplicationClose() ? 0 : close.error();
    if (code == NO_APPLICATION_PROTOCOL) {
      return new Fault(TransportCode.WRONG_ALPN, place + " does not speak " + Tls.ALPN, cause);
    }
    if (code == CONNECTION_REFUSED) {
      return new Fault(TransportCode.BUSY, place + " refused: " + endReason(), cause);
    }
    if (code == CERTIFICATE_REQUIRED) {
      return new Fault(TransportCode.NO_CERTIFICATE, place + " wants a certificate", cause);
    }
    var words = close == null ? String.valueOf(cause) : endReason();
    boolean silent =
        cause instanceof io.netty.channel.ConnectTimeoutException
            || cause instanceof io.netty.handler.codec.quic.QuicTimeoutClosedChannelException;
    return new Fault(
        silent ? TransportCode.DIAL_TIMEOUT : TransportCode.DIAL_FAILED,
        silent ? place + " did not answer" : "the handshake with " + place + " failed: " + words,
        cause);
  }
}
