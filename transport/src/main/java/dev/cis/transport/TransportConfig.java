package dev.cis.transport;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * Settings of this room, {@code [transport]} in the configuration file.
 *
 * @param listen the UDP addresses to bind, 1 to 8; port 0 takes a free one, the wildcard address
 *     stands for every interface
 * @param dialTimeout for the handshake with one address; default 10 s
 * @param dialStagger pause before the next address of a peer is tried beside the first (RFC 8305
 *     section 5, "connection attempt delay"); default 250 ms
 * @param handshakeTimeout in which a new connection must identify itself, and a new stream must
 *     deliver its header; default 10 s
 * @param idleTimeout after which a silent connection counts as lost; default 30 s
 * @param keepAlive how often the dialling side sends something; default 10 s, less than half the
 *     idle timeout
 * @param backoffMin pause before the first redial of a kept peer; default 500 ms
 * @param backoffMax longest pause between redials; default 60 s
 * @param recordLifetime how long our signed peer record is good; renewed at half; default 24 h
 * @param maxConnections live connections; further ones are refused; default 1,024
 * @param maxInboundStreams streams that one peer may have open to us; default 1,024
 * @param streamWindow bytes that may be under way unread on one stream; default 4 MiB
 * @param connectionWindow bytes that may be under way unread on one connection; default 16 MiB
 * @param maxFrame largest message on a stream, whatever its reader allows; default 16 MiB
 */
public record TransportConfig(
    List<InetSocketAddress> listen,
    Duration dialTimeout,
    Duration dialStagger,
    Duration handshakeTimeout,
    Duration idleTimeout,
    Duration keepAlive,
    Duration backoffMin,
    Duration backoffMax,
    Duration recordLifetime,
    int maxConnections,
    int maxInboundStreams,
    int streamWindow,
    int connectionWindow,
    int maxFrame) {
  /** The defaults, on every interface and port 7677. */
  public static final TransportConfig DEFAULT =
      new TransportConfig(
          List.of(new InetSocketAddress(Address.DEFAULT_PORT)),
          Duration.ofSeconds(10),
          Duration.ofMillis(250),
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofSeconds(10),
          Duration.ofMillis(500),
          Duration.ofSeconds(60),
          Duration.ofHours(24),
          1024,
          1024,
          4 << 20,
          16 << 20,
          16 << 20);

  /** Checks every setting; the message names the key. */
  public TransportConfig {
    listen = List.copyOf(listen);
    check(!listen.isEmpty() && listen.size() <= 8, "listen", "has 1 to 8 addresses");
    positive(dialTimeout, "dial_timeout");
    positive(dialStagger, "dial_stagger");
    positive(handshakeTimeout, "handshake_timeout");
    positive(idleTimeout, "idle_timeout");
    positive(keepAlive, "keep_alive");
    check(
        keepAlive.multipliedBy(2).compareTo(idleTimeout) <= 0,
        "keep_alive",
        "is at most half of idle_timeout");
    positive(backoffMin, "backoff_min");
    check(backoffMax.compareTo(backoffMin) >= 0, "backoff_max", "is at least backoff_min");
    positive(recordLifetime, "record_lifetime");
    check(maxConnections >= 1, "max_connections", "is at least 1");
    check(
        maxInboundStreams >= 8 && maxInboundStreams <= 65_536,
        "max_inbound_streams",
        "is 8 to 65536");
    check(streamWindow >= 1 << 14, "stream_window", "is at least 16 KiB");
    check(connectionWindow >= streamWindow, "connection_window", "is at least stream_window");
    check(maxFrame >= 1 << 14 && maxFrame <= 1 << 28, "max_frame", "is 16 KiB to 256 MiB");
  }

  /** The same with other listen addresses. */
  public TransportConfig withListen(InetSocketAddress... addresses) {
    return new TransportConfig(
        List.of(addresses),
        dialTimeout,
        dialStagger,
        handshakeTimeout,
        idleTimeout,
        keepAlive,
        backoffMin,
        backoffMax,
        recordLifetime,
        maxConnections,
        maxInboundStreams,
        streamWindow,
        connectionWindow,
        maxFrame);
  }

  /** The same with other times for noticing a lost connection. */
  public TransportConfig withIdle(Duration idle, Duration keepAliveEvery) {
    return new TransportConfig(
        listen,
        dialTimeout,
        dialStagger,
        handshakeTimeout,
        idle,
        keepAliveEvery,
        backoffMin,
        backoffMax,
        recordLifetime,
        maxConnections,
        maxInboundStreams,
        streamWindow,
        connectionWindow,
        maxFrame);
  }

  /** The same with other pauses between redials. */
  public TransportConfig withBackoff(Duration min, Duration max) {
    return new TransportConfig(
        listen,
        dialTimeout,
        dialStagger,
        handshakeTimeout,
        idleTimeout,
        keepAlive,
        min,
        max,
        recordLifetime,
        maxConnections,
        maxInboundStreams,
        streamWindow,
        connectionWindow,
        maxFrame);
  }

  /** The same with other limits on connections and on the streams of one peer. */
  public TransportConfig withLimits(int connections, int inboundStreams) {
    return new TransportConfig(
        listen,
        dialTimeout,
        dialStagger,
        handshakeTimeout,
        idleTimeout,
        keepAlive,
        backoffMin,
        backoffMax,
        recordLifetime,
        connections,
        inboundStreams,
        streamWindow,
        connectionWindow,
        maxFrame);
  }

  /** The same with other flow-control windows, in bytes. */
  public TransportConfig withWindows(int stream, int connection) {
    return new TransportConfig(
        listen,
        dialTimeout,
        dialStagger,
        handshakeTimeout,
        idleTimeout,
        keepAlive,
        backoffMin,
        backoffMax,
        recordLifetime,
        maxConnections,
        maxInboundStreams,
        stream,
        connection,
        maxFrame);
  }

  private static void positive(Duration value, String key) {
    check(!value.isNegative() && !value.isZero(), key, "is more than zero");
  }

  private static void check(boolean holds, String key, String rule) {
    if (!holds) {
      throw new dev.cis.kernel.fault.Fault(
          TransportCode.BAD_CONFIG, "transport." + key + " " + rule);
    }
  }
}
